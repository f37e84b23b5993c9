"""Invented sample data: one file per object in `records/`, its people in `people.csv`.

Public: `install.install_samples`, `people.read_people`, `aging.move_along`. The files are CSV, so
that a spreadsheet opens them; `reading` says what a cell may hold. Dates are written as days from
today. Every record goes through `Session`, as if its owner had typed it on the day it was made. May
import the engine.
"""
