"""Settings: what there is to set, and where a value came from.

schema  every setting with its default: one dataclass a section
loader  config.toml and ECHOCTL_* variables, checked
"""
