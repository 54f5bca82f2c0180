"""The playing of a story: plan, director, graph, and the visitor."""
