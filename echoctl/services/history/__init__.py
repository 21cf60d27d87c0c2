"""What was heard: writing, finding, reading, carrying in and out.

recorder         seals and stores; needs no key that opens
sealer           seals what is stored, without a store: the ear does, and the recorder
reader           opens the vault and reads recordings
lookup           which recording the beginning of an id means
transcript_json  a transcript as the bytes that are sealed
browser          the dashboard's reader, which keeps its key
page_index       where the pages of a long list begin
search           finding what was said
statistics       counts, for stats
exporting        one recording as a file
archiving        many recordings as a folder or as age files
importing        a folder that was exported, back in
index_entry      one line of such a folder's index
player           playing a recording
verifying        whether every recording opens
"""
