"""The sandbox of what listens.

enter  shut this process in, as well as it can be done here
"""
