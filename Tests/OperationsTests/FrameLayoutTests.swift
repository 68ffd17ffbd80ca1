import Testing

import Operations

@Suite struct FrameLayoutTests {
    private func clear(_ first: Int, _ second: Int, _ x: Double, _ y: Double, correlation: Double = 0.9) -> FrameLink {
        FrameLink(first, second, [OverlapCandidate(displacement: .init(x: x, y: y), correlation: correlation), .init(displacement: .init(x: x + 40, y: y - 3), correlation: 0.1)])
    }

    /// Several places of nearly equal evidence.
    private func unclear(_ first: Int, _ second: Int, _ places: [(Double, Double)], evidence: Double = 0.2) -> FrameLink {
        FrameLink(first, second, places.enumerated().map { OverlapCandidate(displacement: .init(x: $1.0, y: $1.1), correlation: evidence - 0.005 * Double($0)) })
    }

    /// A grid of places, and a pair for each two neighbours.
    private func grid(_ rows: Int, _ columns: Int, seed: UInt64 = 5) -> (truth: [Displacement], links: [FrameLink]) {
        var random = PlainRandom(seed)
        let truth = (0..<(rows * columns)).map { Displacement(x: Double($0 % columns) * 90 + 8 * random.unit(), y: Double($0 / columns) * 70 + 8 * random.unit()) }
        var links: [FrameLink] = []
        for index in truth.indices {
            for (other, isThere) in [(index + 1, index % columns < columns - 1), (index + columns, index / columns < rows - 1)] where isThere {
                let d = truth[other] - truth[index]
                links.append(clear(index, other, d.x + 0.4 * (random.unit() - 0.5), d.y + 0.4 * (random.unit() - 0.5)))
            }
        }
        return (truth, links)
    }

    private func error(_ layout: FrameLayout, _ truth: [Displacement]) -> Double {
        let found = zip(layout.placements, truth).compactMap { placement, place in placement.position.map { $0 - place } }
        let middle = Displacement(x: found.map(\.x).reduce(0, +) / Double(found.count), y: found.map(\.y).reduce(0, +) / Double(found.count))
        return found.map { ($0 - middle).length }.max() ?? .infinity
    }

    @Test func `least squares over all pairs is more exact than the pairs`() {
        let (truth, links) = grid(6, 7)
        let layout = FrameLayout(frameCount: truth.count, links: links)
        #expect(error(layout, truth) < 0.35)
        #expect(layout.verdicts.allSatisfy { $0 == .used } && layout.groups.count == 1)
        #expect(layout.placements.compactMap(\.position?.x).min() == 0 && layout.placements.compactMap(\.position?.y).min() == 0)
    }

    @Test func `pairs that contradict the others are dropped, even several with high correlation`() {
        var (truth, links) = grid(6, 7)
        // Of two pairs that contradict each other nobody knows which is right: so no frame in a corner, and one of a frame at most.
        var (wrong, touched): (Set<Int>, Set<Int>) = ([], [0, 6, 35, 41])
        for index in stride(from: 3, to: links.count, by: 5) where touched.isDisjoint(with: [links[index].first, links[index].second]) {
            wrong.insert(index)
            touched.formUnion([links[index].first, links[index].second])
        }
        #expect(wrong.count >= 6)
        for index in wrong {
            let d = links[index].candidates[0].displacement
            links[index] = clear(links[index].first, links[index].second, d.x + 25, d.y - 14, correlation: 0.98)
        }
        let layout = FrameLayout(frameCount: truth.count, links: links)
        #expect(error(layout, truth) < 0.5)
        for index in links.indices { #expect(layout.verdicts[index] == (wrong.contains(index) ? .dropped : .used), "pair \(index)") }
    }

    @Test func `a frame that fits nowhere is told, and groups that do not hang together`() {
        let links = [clear(0, 1, 90, 0), clear(1, 2, 91, 2), clear(3, 4, 88, 1), unclear(2, 5, [(90, 0), (70, 3)], evidence: 0.04)]
        let layout = FrameLayout(frameCount: 6, links: links)
        #expect(layout.groups == [[0, 1, 2], [3, 4], [5]])
        #expect(layout.placements[3] == .none(group: [3, 4]) && layout.placements[5] == .none(group: [5]))
        if case .measured(let place) = layout.placements[2] { #expect(abs(place.x - 181) < 1e-6) } else { Issue.record("frame 2 was not placed") }
    }

    @Test func `a pair that more than itself bears out counts, however little it shows`() {
        func weak(isBorneOut: Bool) -> FrameLink {
            var candidate = OverlapCandidate(displacement: .init(x: 0, y: 70), correlation: 0.3)
            (candidate.agreement, candidate.breadth) = (0.7, 1)
            var link = FrameLink(1, 2, [candidate])
            link.isBorneOut = isBorneOut
            return link
        }
        #expect(FrameLayout(frameCount: 3, links: [clear(0, 1, 90, 0), weak(isBorneOut: false)]).placements[2].position == nil)
        let layout = FrameLayout(frameCount: 3, links: [clear(0, 1, 90, 0), weak(isBorneOut: true)])
        #expect(layout.placements[2] == .measured(.init(x: 90, y: 70)) && layout.isMeasured(2), "\(layout.placements)")
    }

    @Test func `two rows are joined where unclear pairs agree`() {
        // Each pair across has the true place among wrong ones that differ from pair to pair.
        var links = (0..<5).map { clear($0, $0 + 1, 90, 2) } + (6..<11).map { clear($0, $0 + 1, 90, 2) }
        let wrong: [(Double, Double)] = [(12, 60), (-9, 66), (5, 80), (-14, 74), (9, 83), (-3, 62)]
        for column in 0..<6 { links.append(unclear(column, 6 + column, column % 2 == 0 ? [wrong[column], (-3, 71)] : [(-3, 71), wrong[column]])) }
        let layout = FrameLayout(frameCount: 12, links: links)
        #expect(layout.groups.count == 1)
        let d = layout.placements[8].position! - layout.placements[2].position!
        #expect(abs(d.x + 3) < 0.5 && abs(d.y - 71) < 0.5)
    }

    @Test func `the grid places frames that no pair reaches, as the measured pairs turn and stretch it`() {
        // The stage is turned by 2 % and steps are 3 % shorter than expected; frame 8 has no clear pair.
        var (links, expected, truth): ([FrameLink], [Displacement], [Displacement]) = ([], [], [])
        for index in 0..<9 {
            let (column, row) = (Double(index % 3), Double(index / 3))
            expected.append(.init(x: column * 100, y: row * 80))
            truth.append(.init(x: 97 * column - 1.6 * row, y: 2 * column + 77.6 * row))
        }
        for index in 0..<9 {
            for (other, isThere) in [(index + 1, index % 3 < 2), (index + 3, index < 6)] where isThere {
                let d = truth[other] - truth[index]
                links.append(other == 8 ? unclear(index, other, [(60, 9), (80, -9)], evidence: 0.1) : clear(index, other, d.x, d.y))
            }
        }
        let layout = FrameLayout(frameCount: 9, links: links, expected: expected, tolerance: 20)
        if case .expected(let place) = layout.placements[8] {
            let corner = truth.map(\.x).min()!
            #expect(abs(place.x - (truth[8].x - corner)) < 1.5 && abs(place.y - truth[8].y) < 1.5, "\(place)")
        } else { Issue.record("\(layout.placements[8])") }
        #expect(layout.groups == [Array(0..<8), [8]])
        // A pair farther from the expectation than the stage can be wrong does not count.
        links[0] = clear(0, 1, 140, 2)
        #expect(FrameLayout(frameCount: 9, links: links, expected: expected, tolerance: 20).verdicts[0] != .used)
    }

    @Test(arguments: [0, 1, 2])
    func `no pairs at all`(count: Int) {
        let layout = FrameLayout(frameCount: count, links: [])
        #expect(layout.placements.count == count && layout.groups.count == count)
        if count == 1 { #expect(layout.placements[0] == .measured(.init(x: 0, y: 0))) }
        if count == 2 { #expect(layout.placements[1].position == nil) }
    }
}
