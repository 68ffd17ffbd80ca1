import Raster

/// What the shape measures need of a large mask, from one pass over its rows.
struct LargeOutline {
    /// Ends of each row that has any foreground, from top to bottom.
    private(set) var rows: [RowExtent] = []
    /// Eight-connected parts minus holes.
    private(set) var eulerNumber = 0
    /// Pixels of holes; one whose rim joins only at a corner is open.
    private(set) var holeArea = 0
    private(set) var perimeters = PerimeterCounts()

    init(_ mask: LargeMask) {
        let box = mask.box
        var ground = OutsideLabels(left: Int32(box.x) - 1, right: Int32(box.maxX))
        var above: [Run] = []
        mask.forEachBand { band in
            let (runs, top, end) = (band.runs, band.bounds.y, band.bounds.maxY)
            // What lies between a row and the next is counted with the upper one, so the first band begins a row above the mask.
            let from = top == box.y ? top - 1 : top
            let near = Rect(minX: box.x, minY: from - 2, maxX: box.maxX, maxY: end + 2)
            let grid = BitGrid(mask.runs(near.y..<near.maxY), box: near)
            perimeters.add(grid.perimeterCounts((from - grid.top)..<(end - grid.top)))

            var index = 0
            for y in top..<end {
                let start = index
                while index < runs.count, Int(runs[index].y) == y { index += 1 }
                let row = runs[start..<index]
                if let first = row.first, let last = row.last { rows.append((y, Int(first.first), Int(last.last))) }
                eulerNumber += row.count - LargeOutline.contacts(row, above)
                above = Array(row)
                ground.add(above)
            }
        }
        holeArea = ground.holeArea
    }

    /// Pairs of runs that touch by edge or corner.
    private static func contacts(_ row: ArraySlice<Run>, _ above: [Run]) -> Int {
        var (count, candidate) = (0, 0)
        for run in row {
            while candidate < above.count, above[candidate].last < run.first - 1 { candidate += 1 }
            var touching = candidate
            while touching < above.count, above[touching].first <= run.last + 1 {
                count += 1
                touching += 1
            }
            if touching > candidate { candidate = touching - 1 }
        }
        return count
    }
}

/// Which background hangs together by edges or corners, row by row, and how much of it the foreground encloses.
private struct OutsideLabels {
    private struct Stretch: BitwiseCopyable {
        let first, last: Int32
        let id: Int32
    }

    private let left, right: Int32
    /// Number 0 is the outside; a number's way to the one that stands for it leads downward.
    private var up: [Int32] = [0]
    private var areas: [Int] = [0]
    private var above: [Stretch] = []
    private var row: [Stretch] = []

    /// - Parameter left, right: columns of background beside the box.
    init(left: Int32, right: Int32) {
        (self.left, self.right) = (left, right)
        above = [Stretch(first: left, last: right, id: 0)]
    }

    mutating func add(_ runs: [Run]) {
        row.removeAll(keepingCapacity: true)
        var candidate = 0
        for index in 0...runs.count {
            let first = index == 0 ? left : runs[index - 1].last + 1
            let last = index == runs.count ? right : runs[index].first - 1
            while candidate < above.count, above[candidate].last < first - 1 { candidate += 1 }
            var id: Int32 = index == 0 || index == runs.count ? 0 : -1
            var touching = candidate
            while touching < above.count, above[touching].first <= last + 1 {
                let other = root(above[touching].id)
                if id < 0 {
                    id = other
                } else if other != id {
                    let (low, high) = (min(id, other), max(id, other))
                    up[Int(high)] = low
                    areas[Int(low)] += areas[Int(high)]
                    id = low
                }
                touching += 1
            }
            if touching > candidate { candidate = touching - 1 }
            if id < 0 {
                id = Int32(up.count)
                up.append(id)
                areas.append(0)
            }
            areas[Int(id)] += Int(last) - Int(first) + 1
            row.append(Stretch(first: first, last: last, id: id))
        }
        swap(&above, &row)
    }

    /// Below the last row all that is still open joins the outside.
    var holeArea: Int {
        var open: Set<Int> = []
        for stretch in above { open.insert(find(stretch.id)) }
        return up.indices.reduce(0) { $0 + (up[$1] == Int32($1) && $1 != 0 && !open.contains($1) ? areas[$1] : 0) }
    }

    private func find(_ id: Int32) -> Int {
        var id = Int(id)
        while Int(up[id]) != id { id = Int(up[id]) }
        return id
    }

    private mutating func root(_ id: Int32) -> Int32 {
        var id = Int(id)
        while Int(up[id]) != id {
            up[id] = up[Int(up[id])]
            id = Int(up[id])
        }
        return Int32(id)
    }
}
