"""The sandbox of what listens, and of what takes foreign files apart.

enter    shut this process in, as well as it can be done here; later, lock it
roles    what each process must have in sight
decoder  sound files of unknown origin, decoded in a process that is shut in and may die of them
"""
