"""Generated lives of people: everything that Beagle may store of somebody, in every place."""
