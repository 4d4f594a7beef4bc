"""The demo's web page: plain files that the demo serves as they are."""
