"""Every command and button, driven as a member would, with simcord."""
