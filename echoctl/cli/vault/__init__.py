"""`echoctl vault`.

commands  status, passphrase, recover and the other ways in
backup    verify, backup, restore
receipts  receipts
rotate    rotate
"""
