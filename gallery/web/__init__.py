"""The staff's pages: a case from dropped photographs to publication and withdrawal, in a browser."""
