"""The installation: its health, and whether it keeps its promises.

health         the checks of doctor
audit          what could get out, tried and looked for
audit_process  the child that tries to get out
audit_scan     plain sound and text in files
audit_leaks    other programs and services that could leak
database       finding and checking the database
completion     what Tab asks for
devices        microphones and speakers
"""
