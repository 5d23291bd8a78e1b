//! Solves the Sudoku in the environment variable `puzzle` by backtracking, always on the constraint
//! with the fewest ways left. Sets of digits and sets of places are bit masks.

const CELLS: usize = 81;
const ALL: u16 = 0b1_1111_1111;

/// Writing one digit (a mask of one bit) into one cell.
type Move = (usize, u16);

/// The row, the column and the box of a cell, as unit numbers 0..27.
const fn units(cell: usize) -> [usize; 3] {
    let (row, column) = (cell / 9, cell % 9);
    [row, 9 + column, 18 + row / 3 * 3 + column / 3]
}

/// The nine cells of each unit.
const MEMBERS: [[usize; 9]; 27] = {
    let (mut members, mut seen, mut cell) = ([[0; 9]; 27], [0; 27], 0);
    while cell < CELLS {
        let mut kind = 0;
        while kind < 3 {
            let unit = units(cell)[kind];
            members[unit][seen[unit]] = cell;
            seen[unit] += 1;
            kind += 1;
        }
        cell += 1;
    }
    members
};

struct Grid {
    cells: [u16; CELLS],
    used: [u16; 27],
}

impl Grid {
    fn from(clues: &[u8]) -> Option<Grid> {
        let mut grid = Grid { cells: [0; CELLS], used: [0; 27] };
        for (cell, clue) in clues.iter().enumerate().filter(|(_, clue)| matches!(clue, b'1'..=b'9')) {
            let digit = 1 << (clue - b'1');
            if grid.candidates(cell) & digit == 0 {
                return None;
            }
            grid.flip((cell, digit));
        }
        Some(grid)
    }

    fn candidates(&self, cell: usize) -> u16 {
        let [row, column, square] = units(cell).map(|unit| self.used[unit]);
        if self.cells[cell] == 0 { ALL & !(row | column | square) } else { 0 }
    }

    /// Plays a move, or takes it back.
    fn flip(&mut self, (cell, digit): Move) {
        self.cells[cell] ^= digit;
        for unit in units(cell) {
            self.used[unit] ^= digit;
        }
    }

    /// The ways to satisfy the tightest constraint: either an empty cell takes one of its candidates, or a
    /// unit takes a digit it lacks in one of its cells. `None` when the grid is full.
    fn tightest(&self) -> Option<Vec<Move>> {
        let candidates: [u16; CELLS] = std::array::from_fn(|cell| self.candidates(cell));
        let cell = (0..CELLS)
            .filter(|&cell| self.cells[cell] == 0)
            .min_by_key(|&cell| candidates[cell].count_ones())?;
        let mut best: Vec<Move> = bits(candidates[cell]).map(|digit| (cell, digit)).collect();
        for (unit, members) in MEMBERS.iter().enumerate() {
            for digit in bits(ALL & !self.used[unit]) {
                let places = members.iter().filter(|&&cell| candidates[cell] & digit != 0);
                if places.clone().count() < best.len() {
                    best = places.map(|&cell| (cell, digit)).collect();
                }
            }
        }
        Some(best)
    }

    /// Hands every solution to `found` until it answers false; answers whether the search ran to its end.
    fn search(&mut self, found: &mut impl FnMut(&Grid) -> bool) -> bool {
        let Some(moves) = self.tightest() else {
            return found(self);
        };
        moves.into_iter().all(|step| {
            self.flip(step);
            let more = self.search(found);
            self.flip(step);
            more
        })
    }
}

fn bits(mut mask: u16) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let lowest = mask & mask.wrapping_neg();
        mask ^= lowest;
        (lowest != 0).then_some(lowest)
    })
}

fn main() {
    let puzzle = std::env::var("puzzle").expect("the environment variable `puzzle` is missing");
    let puzzle = puzzle.as_bytes();
    let (clues, comment) = puzzle.split_at_checked(CELLS).expect("`puzzle` has fewer than 81 cells");
    assert!(
        clues.iter().all(|clue| matches!(clue, b'0'..=b'9' | b'.' | b'_')),
        "a cell of `puzzle` must be a digit, or `.`, `_` or `0` for blank"
    );
    assert!(
        comment.first().is_none_or(u8::is_ascii_whitespace),
        "only a space and a comment may follow the 81 cells of `puzzle`"
    );

    let mut solutions = Vec::new();
    if let Some(mut grid) = Grid::from(clues) {
        grid.search(&mut |solution| {
            solutions.push(solution.cells);
            solutions.len() < 2
        });
    }
    let [solution] = solutions[..] else {
        return println!("failed to solve");
    };
    for row in solution.chunks(9) {
        let digits: String = row.iter().map(|digit| char::from(b'1' + digit.trailing_zeros() as u8)).collect();
        println!("{digits}");
    }
}
