"""PIXELS: every tie between a picture and its owner, and the answer to "are these two the same photograph?".

No patients, no SQL, no network: pictures and numbers in, pictures and numbers out.
"""
