"""Personal data by their form: e-mail, phone, IP, national ids, cards, accounts, secrets of URLs.

What has a form is found by it, checked where it has check digits or a numbering plan, and believed
where the form alone says little only beside a word that tells what the number is.
"""
