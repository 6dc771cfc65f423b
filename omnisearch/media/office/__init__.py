"""Documents of office programs, books and mail: what they say, page by page, and their pictures.

Nothing is unpacked to a disk, no document type is read, nothing that a document names is fetched.
"""
