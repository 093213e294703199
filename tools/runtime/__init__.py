"""How long a unit lasts on its battery, by the same model that the unit itself and the virtual board go by."""
