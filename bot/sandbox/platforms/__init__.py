"""Faithful pretenders of the platforms: ReAdmin (v1 and v2), Series HR, Roblox."""
