"""The sandbox of what listens, and of what takes foreign files apart.

child    a process of ours: started, watched through its stderr, ended
enter    shut this process in, as well as it can be done here; later, lock it
limits   how much of the machine it may use
roles    what each process must have in sight
decoder  sound files of unknown origin, decoded in a process that is shut in and may die of them
"""
