"""newsbeam as a library: one page, many pages, the records of a run.

`newsbeam` exports what is public here, and loads it when it is asked for.
"""
