"""The tests; a package, so that they may import each other's helpers as tests.…"""
