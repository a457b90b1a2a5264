"""`newsbeam watch`: follow folders of this machine, without Beam."""
