"""Muster: staff of Roblox communities claim session roles from Discord."""
