"""`newsbeam view`: the records of a run as a page in a browser.

`index` loads records into a database of SQLite, `server` answers the page's questions from it, and `page` assembles the page, also as one
file without a server. Nothing of a document is ever executed: the page sets text, never markup, and its policy allows no script but
its own.
"""
