"""Clients of the services that know who is who on Roblox."""
