/// The rows and columns in which frames turn out to lie, by the pairs that were matched.
public struct FrameGrid: Sendable {
    public struct Cell: Hashable, Sendable {
        public var row: Int
        public var column: Int
        public init(row: Int, column: Int) { (self.row, self.column) = (row, column) }
    }

    /// From one cell to the next, in pixels, and how far pairs are from it; nil where no two frames lie side by side.
    public struct Step: Hashable, Sendable {
        public let displacement: Displacement
        public let spread: Double
    }

    /// To the frame at the right.
    public let across: Step?
    /// To the frame below.
    public let down: Step?
    /// One for each frame; nil for frames that were not placed. The frame `origin` has the cell 0, 0.
    public let cells: [Cell?]

    /// - Parameters:
    ///   - layout: of `links`.
    ///   - width: of the widest frame, in pixels; likewise `height`.
    ///   - origin: a placed frame.
    /// - Returns: nil when fewer than two pairs of neighbours were matched, or frames lie otherwise than in rows and columns.
    public init?(_ layout: FrameLayout, _ links: [FrameLink], width: Int, height: Int, origin: Int) {
        let (w, h) = (Double(width), Double(height))
        func position(_ frame: Int) -> Displacement? {
            if case .measured(let place) = layout.placements[frame] { place } else { nil }
        }
        let known = zip(links, layout.verdicts).compactMap { link, verdict -> (first: Int, second: Int, by: Displacement)? in
            guard verdict == .used, let a = position(link.first), let b = position(link.second) else { return nil }
            return (link.first, link.second, b - a)
        }
        // Towards the right and downwards.
        let aside = known.filter { abs($0.by.x) > 0.45 * w && abs($0.by.y) < 0.2 * h }.map { $0.by.x > 0 ? $0.by : Displacement(x: -$0.by.x, y: -$0.by.y) }
        let below = known.filter { abs($0.by.y) > 0.45 * h && abs($0.by.x) < 0.2 * w }.map { $0.by.y > 0 ? $0.by : Displacement(x: -$0.by.x, y: -$0.by.y) }
        guard aside.count + below.count >= 2, position(origin) != nil else { return nil }
        (across, down) = (Self.step(aside), Self.step(below))
        // Frames along the pairs, whole steps from each other.
        let (u, v) = (across?.displacement ?? Displacement(x: 0.9 * w, y: 0), down?.displacement ?? Displacement(x: 0, y: 0.9 * h))
        let determinant = u.x * v.y - u.y * v.x
        guard abs(determinant) > 0.1 * w * h else { return nil }
        var steps = [[(to: Int, rows: Int, columns: Int)]](repeating: [], count: layout.placements.count)
        var strange = 0
        for pair in known {
            let (columns, rows) = ((pair.by.x * v.y - pair.by.y * v.x) / determinant, (u.x * pair.by.y - u.y * pair.by.x) / determinant)
            let (c, r) = (columns.rounded(), rows.rounded())
            guard abs(columns - c) < 0.2, abs(rows - r) < 0.2, c != 0 || r != 0 else {
                strange += 1
                continue
            }
            steps[pair.first].append((pair.second, Int(r), Int(c)))
            steps[pair.second].append((pair.first, -Int(r), -Int(c)))
        }
        guard 10 * strange <= known.count else { return nil }
        var cells = [Cell?](repeating: nil, count: layout.placements.count)
        var (queue, taken) = ([origin], [Cell(row: 0, column: 0): origin])
        cells[origin] = Cell(row: 0, column: 0)
        while let frame = queue.popLast() {
            guard let cell = cells[frame] else { continue }
            for step in steps[frame] {
                let next = Cell(row: cell.row + step.rows, column: cell.column + step.columns)
                if let before = cells[step.to] {
                    if before != next { return nil }
                    continue
                }
                guard taken.updateValue(step.to, forKey: next) == nil else { return nil }
                cells[step.to] = next
                queue.append(step.to)
            }
        }
        self.cells = cells
    }

    /// Whether cells fill a rectangle of several rows and columns, each once.
    public static func isRectangle(_ cells: [Cell]) -> Bool {
        let (rows, columns) = (Set(cells.map(\.row)), Set(cells.map(\.column)))
        guard let top = rows.min(), let bottom = rows.max(), let left = columns.min(), let right = columns.max(), bottom > top, right > left else { return false }
        return Set(cells).count == cells.count && cells.count == (bottom - top + 1) * (right - left + 1)
    }

    private static func step(_ found: [Displacement]) -> Step? {
        guard !found.isEmpty else { return nil }
        func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let centre = Displacement(x: middle(found.map(\.x)), y: middle(found.map(\.y)))
        return Step(displacement: centre, spread: found.map { ($0 - centre).length }.max() ?? 0)
    }
}
