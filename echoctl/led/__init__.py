"""The ring of light.

ring    from a state, the time and a level to colours
lights  a line of the terminal, a light of the kernel
"""
