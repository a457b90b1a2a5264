"""The files of an output folder.

They are records, dropped rows, dead letters, the manifest and the data card.
"""
