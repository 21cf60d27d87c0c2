"""`echoctl traffic`.

commands    the group
board       the live picture of watch
devices     devices
experiment  experiment
import_     import
listing     endpoints, bursts
svg         a report as a drawing
report      report
verdict     verdict
watch       watch
"""
