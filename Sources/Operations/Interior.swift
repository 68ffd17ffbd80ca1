import Raster

extension Mask {
    /// Runs of the pixels whose whole 3 × 3 neighbourhood is foreground.
    ///
    /// Measures of neighbourhoods are taken here: what lies around an object, and how much of it a crop shows, never enters.
    /// Complexity: linear in the runs.
    func interiorRuns() -> [Run] {
        var result: [Run] = []
        result.reserveCapacity(runs.count)
        runs.withUnsafeBufferPointer { runs in
            // Places of the first run not yet passed in the rows above and below.
            var (above, below) = (0, 0)
            for middle in runs {
                while above < runs.count, runs[above].y < middle.y &- 1 || (runs[above].y == middle.y &- 1 && runs[above].last < middle.first) { above &+= 1 }
                while below < runs.count, runs[below].y < middle.y &+ 1 || (runs[below].y == middle.y &+ 1 && runs[below].last < middle.first) { below &+= 1 }
                var (i, j) = (above, below)
                while i < runs.count, j < runs.count, runs[i].y == middle.y &- 1, runs[j].y == middle.y &+ 1 {
                    let first = max(middle.first, runs[i].first, runs[j].first) &+ 1
                    let last = min(middle.last, runs[i].last, runs[j].last) &- 1
                    if first <= last { result.append(Run(y: middle.y, first: first, last: last)) }
                    if runs[i].last < runs[j].last { i &+= 1 } else { j &+= 1 }
                    if first > middle.last { break }
                }
            }
        }
        return result
    }
}
