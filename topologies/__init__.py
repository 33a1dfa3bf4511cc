"""How records flow: topologies as data, codecs, and the runtime that runs them."""
