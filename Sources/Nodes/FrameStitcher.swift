import Operations
import Pipeline
import Raster
import Synchronization

/// Finds out where the frames of a mosaic lie, how bright they are to each other, and how the light falls on them.
///
/// Each frame is decoded once where grid or stage tell its neighbours, twice where nothing is known; pixels are kept only as long as a pair
/// waits for them.
package struct FrameStitcher: Sendable {
    private let input: StitchInput
    private let prior: StitchPrior
    private let settings: StitchSettings
    private let work: any ParallelWork
    /// Of the widest and the highest frame, in pixels.
    private let width: Int
    private let height: Int

    package init(_ input: StitchInput, prior: StitchPrior, settings: StitchSettings, work: any ParallelWork) {
        (self.input, self.prior, self.settings, self.work) = (input, prior, settings, work)
        (width, height) = (input.frames.map(\.width).max() ?? 1, input.frames.map(\.height).max() ?? 1)
    }

    private var count: Int { input.frames.count }

    /// A pair and where to look.
    private struct Pair: Sendable {
        let first: Int
        let second: Int
        var ranges: [DisplacementRange]
    }

    private struct Loaded: Sendable {
        let gray: AnyImage
        let texture: FrameTexture
        /// A texture has two numbers a pixel.
        var byteCount: Int { gray.byteCount + 8 * texture.width * texture.height }
    }

    /// Where the frames lie.
    ///
    /// - Throws: what `work.progress` throws. A frame that cannot be read is left out with its reason.
    package func layout() async throws -> StitchedFrames {
        var result = StitchedFrames(input.frames)
        guard count > 0 else { return result }
        // The kind that most frames have; others cannot become part of one picture.
        let kinds = Dictionary(grouping: input.frames.indices) { SIMD2(input.frames[$0].channels, input.frames[$0].bitsPerSample) }
        guard let kind = kinds.max(by: { ($0.value.count, -$0.value[0]) < ($1.value.count, -$1.value[0]) })?.key else { return result }
        result.kind = (kind.x, kind.y)
        for (index, frame) in input.frames.enumerated() where SIMD2(frame.channels, frame.bitsPerSample) != kind {
            result.reasons[index] = "it has \(frame.channels) channels of \(frame.bitsPerSample) bits, most frames \(kind.x) of \(kind.y); convert it"
        }
        var run = Run(stitcher: self, result: result)
        try await run.match()
        return run.result
    }

    // MARK: - Which pairs

    /// Positions by grid or stage, how far pairs may differ from them, and the pairs to compare.
    private func plan() -> (expected: [Displacement]?, tolerance: Double, pairs: [Pair], order: [Int])? {
        let frames = input.frames
        switch prior {
        case .none: return nil
        case .grid(let cells):
            guard cells.allSatisfy({ $0 != nil }) else { return nil }
            let cells = cells.compactMap(\.self)
            let overlap = settings.overlap ?? 0.1
            let expected = cells.map {
                Displacement(x: Double($0.column) * Double(width) * (1 - overlap), y: Double($0.row) * Double(height) * (1 - overlap))
            }
            // Neighbours are the nearest frame to the right and below, so that a missing one leaves no gap wider than the search.
            var pairs: [Pair] = []
            let places = Dictionary(cells.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { a, _ in a })
            for (index, cell) in cells.enumerated() {
                for (side, next) in [(StitchGuess.Side.right, StitchPrior.Cell(row: cell.row, column: cell.column + 1)), (.below, .init(row: cell.row + 1, column: cell.column))] {
                    if let other = places[next] { pairs.append(Pair(first: index, second: other, ranges: [range(side, index, other)])) }
                }
            }
            let slack = settings.tolerance * Double(max(width, height))
            let order = frames.indices.sorted { (cells[$0].row, cells[$0].column, $0) < (cells[$1].row, cells[$1].column, $1) }
            return (expected, settings.overlap == nil ? 0.5 * Double(max(width, height)) : 1.5 * slack.rounded(.down) + 8, pairs, order)
        case .positions(let positions, let tolerance):
            guard positions.allSatisfy({ $0 != nil }) else { return nil }
            let expected = positions.compactMap(\.self)
            let slack = max(4, Int(tolerance.rounded(.up)))
            var pairs: [Pair] = []
            let order = frames.indices.sorted { (expected[$0].y, expected[$0].x, $0) < (expected[$1].y, expected[$1].x, $1) }
            for (place, first) in order.enumerated() {
                for second in order[(place + 1)...] {
                    let d = expected[second] - expected[first]
                    if d.y > Double(frames[first].height + slack) { break }
                    let (x, y) = (Int(d.x.rounded()), Int(d.y.rounded()))
                    // Corners alone show too little.
                    let (w, h) = (overlap(x, frames[first].width, frames[second].width), overlap(y, frames[first].height, frames[second].height))
                    guard w > 0.02 * Double(frames[first].width), h > 0.02 * Double(frames[first].height) else { continue }
                    guard w * h > 0.03 * Double(frames[first].width * frames[first].height) else { continue }
                    pairs.append(Pair(first: first, second: second, ranges: [.init(x: (x - slack)...(x + slack), y: (y - slack)...(y + slack))]))
                }
            }
            return (expected, 1.5 * Double(slack) + 8, pairs, order)
        }
    }

    /// Where a frame at that side of another may lie.
    private func range(_ side: StitchGuess.Side, _ first: Int, _ second: Int) -> DisplacementRange {
        let (slackX, slackY) = (Int(settings.tolerance * Double(width)), Int(settings.tolerance * Double(height)))
        func along(_ side: Int, _ slack: Int) -> ClosedRange<Int> {
            guard let overlap = settings.overlap else { return Int(Double(side) * 0.5)...Int(Double(side) * 0.97) }
            let step = Int((Double(side) * (1 - overlap)).rounded())
            return min(step - slack, side - 1)...min(step + slack, side - max(8, side / 50))
        }
        func negated(_ range: ClosedRange<Int>) -> ClosedRange<Int> { (-range.upperBound)...(-range.lowerBound) }
        return switch side {
        case .right: .init(x: along(input.frames[first].width, slackX), y: -slackY...slackY)
        case .left: .init(x: negated(along(input.frames[second].width, slackX)), y: -slackY...slackY)
        case .below: .init(x: -slackX...slackX, y: along(input.frames[first].height, slackY))
        case .above: .init(x: -slackX...slackX, y: negated(along(input.frames[second].height, slackY)))
        }
    }

    /// At which side of the first frame of each pair the second lies; nil where nothing of an overlap is seen at any.
    package func sides(_ pairs: [SIMD2<Int>]) async throws -> [SIMD2<Int>: StitchGuess.Side?] {
        var run = Run(stitcher: self, result: StitchedFrames(input.frames))
        let looked = pairs.map { pair in Pair(first: pair.x, second: pair.y, ranges: StitchGuess.Side.allCases.map { range($0, pair.x, pair.y) }) }
        var found: [SIMD2<Int>: StitchGuess.Side?] = [:]
        for link in try await run.look(looked) { found[SIMD2(link.first, link.second)] = .some(side(link)) }
        return found
    }

    private func side(_ link: FrameLink) -> StitchGuess.Side? {
        guard let best = link.candidates.first, let strength = best.strength, strength >= 0.8, best.agreement >= 0.6 else { return nil }
        let (x, y) = (best.displacement.x / Double(input.frames[link.first].width), best.displacement.y / Double(input.frames[link.first].height))
        let others = link.candidates.dropFirst().filter { ($0.displacement - best.displacement).length > 40 }
        guard others.allSatisfy({ ($0.strength ?? 0) < 0.5 * strength }) else { return nil }
        return abs(x) > abs(y) ? (x > 0 ? .right : .left) : (y > 0 ? .below : .above)
    }

    private func overlap(_ shift: Int, _ first: Int, _ second: Int) -> Double { Double(min(first, shift + second) - max(0, shift)) }

    // MARK: - Reading and comparing

    private var textureScale: Int { input.frames.map { FrameTexture.scale(width: $0.width, height: $0.height, pixels: 350_000) }.max() ?? 1 }
    /// Levels of all frames stay in memory until the mosaic is written, so that many frames have coarser ones.
    private var levelScale: Int {
        let pixels = min(100_000, max(2_000, 8_000_000 / max(1, count)))
        return input.frames.map { FrameTexture.scale(width: $0.width, height: $0.height, pixels: pixels) }.max() ?? 1
    }

    private func load(_ frame: Int, _ shading: MosaicShading?) throws -> (Loaded, FrameLevels, [Double]) {
        let (image, said) = (try input.pixels(frame), input.frames[frame])
        guard image.width == said.width, image.height == said.height, image.channels == said.channels, image.bitsPerSample == said.bitsPerSample else {
            throw StitchError.other(
                "it has \(image.width) × \(image.height) pixels of \(image.channels) channels and \(image.bitsPerSample) bits, not \(said.width) × \(said.height) of \(said.channels) and \(said.bitsPerSample) as expected; check the steps before")
        }
        let gray: AnyImage =
            switch image {
            case .color8(let color): .gray8(color.gray())
            case .color16(let color): .gray16(color.gray())
            default: image
            }
        return (Loaded(gray: gray, texture: FrameTexture(gray, scale: textureScale, shading: shading)), FrameLevels(gray, scale: levelScale), image.middleLevels)
    }

    private static func compare(_ pair: Pair, _ first: Loaded, _ second: Loaded, unbounded: Bool, _ search: OverlapSearch) -> FrameLink {
        var found = pair.ranges.flatMap { search.candidates(first.texture, second.texture, within: $0, unbounded: unbounded) }.sorted { $0.evidence > $1.evidence }
        if first.gray.bitsPerSample == second.gray.bitsPerSample {
            func refine(_ index: Int) {
                guard let exact = OverlapMatch.refined(
                    first.gray, second.gray, textures: (first.texture, second.texture), from: found[index].displacement, reach: first.texture.scale + 1)
                else { return }
                (found[index].displacement, found[index].agreement, found[index].breadth) = (exact.displacement, exact.correlation, exact.breadth)
            }
            // Of a clear pair only the best place has to be exact; else the exact places tell which is the best.
            let isRanked = !unbounded && FrameLink(pair.first, pair.second, found).isClear
            if isRanked { refine(0) }
            if !isRanked || !FrameLink(pair.first, pair.second, found).isClear {
                for index in found.indices where found[index].breadth == nil { refine(index) }
                found.sort { ($0.strength ?? 0, $0.evidence) > ($1.strength ?? 0, $1.evidence) }
            }
        }
        var distinct: [OverlapCandidate] = []
        for candidate in found where !distinct.contains(where: { ($0.displacement - candidate.displacement).length < 2 }) { distinct.append(candidate) }
        return FrameLink(pair.first, pair.second, distinct)
    }

    /// The work on one mosaic: what was read and found so far.
    private struct Run {
        let stitcher: FrameStitcher
        var result: StitchedFrames
        private var levels: [FrameLevels?]
        private var resident: [Int: Loaded] = [:]
        private let searches = SearchPool()
        /// Known once all frames were seen.
        private var shading: MosaicShading?
        private var done = 0
        private var total = 1

        private var count: Int { stitcher.count }
        private var work: any ParallelWork { stitcher.work }

        init(stitcher: FrameStitcher, result: StitchedFrames) {
            (self.stitcher, self.result) = (stitcher, result)
            levels = [FrameLevels?](repeating: nil, count: result.frames.count)
        }

        mutating func match() async throws {
            var expected: [Displacement]?
            var tolerance = Double.infinity
            var pairs: [Pair]
            var order = Array(0..<count)
            if let plan = stitcher.plan() {
                (expected, tolerance, pairs, order) = plan
                total = count + pairs.count
            } else {
                pairs = try await screen()
                order = Self.order(count, pairs)
            }
            pairs.removeAll { result.reasons[$0.first] != nil || result.reasons[$0.second] != nil }
            var links = try await compare(pairs, order, unbounded: expected == nil)
            // Frames without a pair are read too, for their light.
            try await load(order.filter { levels[$0] == nil && result.reasons[$0] == nil }) { _, _ in }
            var layout = FrameLayout(frameCount: count, links: links, expected: expected, tolerance: tolerance)
            layout = try await lookedAtAgain(layout, &links, order, expected, tolerance)
            if expected == nil, try await fill(&layout, &links) { layout = try await lookedAtAgain(layout, &links, order, nil, .infinity) }
            if expected != nil { result.support = stitcher.support(pairs, links, layout) }
            result.take(layout, links, levels, settings: stitcher.settings, hasPrior: expected != nil)
        }

        /// Only what pairs show, without a place for the frames.
        mutating func look(_ pairs: [Pair]) async throws -> [FrameLink] {
            total = count + pairs.count
            return try await compare(pairs, Self.order(count, pairs), unbounded: true)
        }

        /// Pairs that were not clear, once more where the others let expect them; and such as nobody knew of.
        private mutating func lookedAtAgain(
            _ layout: FrameLayout, _ links: inout [FrameLink], _ order: [Int], _ expected: [Displacement]?, _ tolerance: Double
        ) async throws -> FrameLayout {
            let again = stitcher.secondLook(layout, links, hasPlan: expected != nil).filter { result.reasons[$0.first] == nil && result.reasons[$0.second] == nil }
            if again.isEmpty { return layout }
            total += again.count
            for link in try await compare(again, order, unbounded: expected == nil) {
                if let place = links.firstIndex(where: { $0.first == link.first && $0.second == link.second }) {
                    if link.isClear || !links[place].isClear { links[place] = link }
                } else { links.append(link) }
            }
            return FrameLayout(frameCount: count, links: links, expected: expected, tolerance: tolerance)
        }

        // MARK: Frames that are left over

        /// A frame tried at a free place of the grid, beside one that was placed.
        private struct Attempt: Hashable {
            let frame: Int
            let neighbour: Int
            let cell: FrameGrid.Cell
            let side: StitchGuess.Side
        }

        /// Tries frames that are in no place at the free places of the grid in which the others turn out to lie: there, little in common is enough.
        ///
        /// - Returns: whether any was placed.
        private mutating func fill(_ layout: inout FrameLayout, _ links: inout [FrameLink]) async throws -> Bool {
            guard let origin = (0..<count).first(where: { layout.isMeasured($0) }) else { return false }
            var (attempts, found, given) = ([Attempt: FrameLink](), false, Set<Int>())
            while true {
                let left = (0..<count).filter { !layout.isMeasured($0) && result.reasons[$0] == nil && !given.contains($0) }
                guard !left.isEmpty, let grid = FrameGrid(layout, links, width: stitcher.width, height: stitcher.height, origin: origin) else { return found }
                let taken = Dictionary(grid.cells.enumerated().compactMap { index, cell in cell.map { ($0, index) } }, uniquingKeysWith: { a, _ in a })
                var new: [Attempt] = []
                for (cell, neighbour) in taken.sorted(by: { $0.value < $1.value }) {
                    for side in StitchGuess.Side.allCases {
                        let free = cell.beside(side)
                        if taken[free] != nil { continue }
                        new += left.map { Attempt(frame: $0, neighbour: neighbour, cell: free, side: side) }.filter { attempts[$0] == nil }
                    }
                }
                // Where most frames are left over, nothing much is known of the grid.
                guard attempts.count + new.count <= 3000 else { return found }
                let pairs = new.map { stitcher.pair($0.neighbour, $0.frame, at: $0.side, of: grid) }
                total += pairs.count
                for (attempt, link) in zip(new, try await compare(pairs, Self.order(count, pairs), unbounded: false)) { attempts[attempt] = link }
                let placed = proposals(attempts, layout, left, taken)
                if placed.isEmpty { return found }
                // What holds so far goes on to hold.
                for (index, verdict) in layout.verdicts.enumerated() where verdict == .used { links[index].isBorneOut = true }
                for proposal in placed {
                    given.insert(proposal.frame)
                    for link in proposal.links {
                        if let place = links.firstIndex(where: { $0.first == link.first && $0.second == link.second }) { links[place] = link } else { links.append(link) }
                    }
                }
                layout = FrameLayout(frameCount: count, links: links)
                found = true
            }
        }

        private struct Proposal {
            let frame: Int
            let cell: FrameGrid.Cell
            let score: Double
            let links: [FrameLink]
        }

        /// Which frames belong to which free place: by what all neighbours there say together, if no other place of the frame says half as much.
        private func proposals(_ attempts: [Attempt: FrameLink], _ layout: FrameLayout, _ left: [Int], _ taken: [FrameGrid.Cell: Int]) -> [Proposal] {
            struct Vote {
                let attempt: Attempt
                let link: FrameLink
                let place: Displacement
                let strength: Double
            }
            var votes: [Int: [Vote]] = [:]
            for (attempt, link) in attempts where taken[attempt.cell] == nil {
                guard let position = layout.placements[attempt.neighbour].position else { continue }
                for candidate in link.candidates {
                    guard let strength = candidate.strength, strength > 0.02, candidate.evidence > 0.02 else { continue }
                    let isForward = link.first == attempt.neighbour
                    let place = isForward ? position + candidate.displacement : position - candidate.displacement
                    votes[attempt.frame, default: []].append(Vote(attempt: attempt, link: FrameLink(link.first, link.second, [candidate]), place: place, strength: strength))
                }
            }
            var (found, last) = ([Proposal](), [Proposal]())
            for frame in left {
                let own = (votes[frame] ?? []).sorted {
                    ($1.strength, $0.attempt.neighbour, $0.place.x, $0.place.y) < ($0.strength, $1.attempt.neighbour, $1.place.x, $1.place.y)
                }
                func supporters(_ vote: Vote) -> [Vote] {
                    var seen: Set<Int> = []
                    return own.filter { $0.attempt.cell == vote.attempt.cell && ($0.place - vote.place).length <= 3 && seen.insert($0.attempt.neighbour).inserted }
                }
                let all = own.map { vote in (vote: vote, supporters: supporters(vote)) }
                func score(_ votes: [Vote]) -> Double { votes.reduce(0) { $0 + $1.strength } }
                guard let top = all.max(by: { score($0.supporters) < score($1.supporters) }) else { continue }
                let total = score(top.supporters)
                let rival = all.filter { ($0.vote.place - top.vote.place).length > 6 }.map { score($0.supporters) }.max() ?? 0
                // One thing that fits well is enough where only few places come into question, if all of the overlap fits.
                let agreement = top.supporters.map { $0.link.candidates[0].agreement }.max() ?? 0
                let isSure = top.supporters.count > 1 ? total >= 1 : total >= 1.75 || (total >= 1 && agreement >= 0.9)
                guard total >= 2 * rival else { continue }
                let links = top.supporters.map { vote in
                    var link = vote.link
                    link.isBorneOut = true
                    return link
                }
                let proposal = Proposal(frame: frame, cell: top.vote.attempt.cell, score: total, links: links)
                if isSure { found.append(proposal) } else if total >= 0.1, agreement >= 0.2 { last.append(proposal) }
            }
            // Where the frames left over, a few of many, make the rectangle whole, next to nothing has to tell which belongs where.
            if found.isEmpty, last.count == left.count, 4 * last.count <= count, FrameGrid.isRectangle(Array(taken.keys) + last.map(\.cell)) { found = last }
            // Of two frames for one place that which fits much better, else none.
            return found.filter { proposal in found.allSatisfy { $0.frame == proposal.frame || $0.cell != proposal.cell || 2 * $0.score <= proposal.score } }
        }

        /// Reads frames a few at a time and hands each to `body`; what cannot be read is noted.
        private mutating func load(_ frames: [Int], _ body: (Int, Loaded) -> Void) async throws {
            let (stitcher, shading) = (stitcher, shading)
            for start in stride(from: 0, to: frames.count, by: 8) {
                let chunk = Array(frames[start..<min(frames.count, start + 8)])
                let loaded = try await work.concurrently(chunk) { frame -> Result<(Loaded, FrameLevels, [Double]), any Error> in
                    do { return .success(try stitcher.load(frame, shading)) } catch let error where error is CancellationError || error is RunCancelled { throw error } catch { return .failure(error) }
                }
                for (frame, outcome) in zip(chunk, loaded) {
                    switch outcome {
                    case .success(let (pixels, level, middle)):
                        if levels[frame] == nil { levels[frame] = level }
                        result.middles[frame] = middle
                        body(frame, pixels)
                    case .failure(let error): result.reasons[frame] = "\(error)"
                    }
                    done += 1
                }
                try work.progress(min(done, total), of: total)
            }
        }

        /// Compares pairs in the order in which their frames come, each frame read once while memory allows.
        private mutating func compare(_ pairs: [Pair], _ order: [Int], unbounded: Bool) async throws -> [FrameLink] {
            var place = [Int](repeating: 0, count: count)
            for (index, frame) in order.enumerated() { place[frame] = index }
            // A pair is due when the later of its frames comes.
            var due: [Int: [Int]] = [:]
            var waiting = [Int](repeating: 0, count: count)
            for (index, pair) in pairs.enumerated() {
                due[max(place[pair.first], place[pair.second]), default: []].append(index)
                waiting[pair.first] += 1
                waiting[pair.second] += 1
            }
            var links = [FrameLink?](repeating: nil, count: pairs.count)
            for start in stride(from: 0, to: order.count, by: 8) {
                let batch = (start..<min(order.count, start + 8)).flatMap { due[$0] ?? [] }
                let needed = Set(batch.flatMap { [pairs[$0].first, pairs[$0].second] })
                let arriving = Set(order[start..<min(order.count, start + 8)].filter { waiting[$0] > 0 })
                let missing = needed.union(arriving).filter { resident[$0] == nil && result.reasons[$0] == nil }.sorted { place[$0] < place[$1] }
                var arrived: [Int: Loaded] = [:]
                try await load(missing) { arrived[$0] = $1 }
                resident.merge(arrived) { $1 }
                let (searches, frames) = (searches, resident)
                let found = try await work.concurrently(batch) { index -> FrameLink in
                    let pair = pairs[index]
                    guard let first = frames[pair.first], let second = frames[pair.second] else { return FrameLink(pair.first, pair.second, []) }
                    return searches.with { FrameStitcher.compare(pair, first, second, unbounded: unbounded, $0) }
                }
                for (index, link) in zip(batch, found) {
                    links[index] = link
                    waiting[link.first] -= 1
                    waiting[link.second] -= 1
                }
                done += batch.count
                try work.progress(min(done, total), of: total)
                for frame in resident.keys where waiting[frame] == 0 { resident[frame] = nil }
                // What does not fit is read again when its turn comes.
                var held = resident.values.reduce(0) { $0 + $1.byteCount }
                for frame in resident.keys.sorted(by: { place[$0] < place[$1] }) where held > stitcher.settings.memory {
                    held -= resident[frame]?.byteCount ?? 0
                    resident[frame] = nil
                }
            }
            resident = [:]
            return links.compactMap(\.self)
        }

        /// Without any knowledge: every frame against every other, much reduced; what looks alike is compared in full.
        private mutating func screen() async throws -> [Pair] {
            let (stitcher, frames) = (stitcher, result.frames)
            let pixels = count > 40 ? 22_000 : 60_000
            let factor = frames.map { FrameTexture.scale(width: $0.width / stitcher.textureScale, height: $0.height / stitcher.textureScale, pixels: pixels) }.max() ?? 1
            total = 2 * count + count * (count - 1) / 2
            var small = [FrameTexture?](repeating: nil, count: count)
            try await load((0..<count).filter { result.reasons[$0] == nil }) { small[$0] = $1.texture.reduced(by: factor) }
            let known = small.indices.filter { small[$0] != nil }
            let textures = known.compactMap { small[$0] }
            if let first = textures.first, textures.allSatisfy({ $0.width == first.width && $0.height == first.height }) {
                for (frame, texture) in zip(known, FrameTexture.withoutCommonPattern(textures)) { small[frame] = texture }
            }
            shading = MosaicShading(levels.compactMap(\.self))
            let (searches, shrunk) = (searches, small)
            var rough: [FrameLink] = []
            for first in known {
                let others = known.filter { $0 > first }
                rough += try await work.concurrently(others) { second -> FrameLink in
                    guard let a = shrunk[first], let b = shrunk[second] else { return FrameLink(first, second, []) }
                    let range = DisplacementRange(overlapOfAtLeast: 0.05, width: a.width * a.scale, height: a.height * a.scale)
                    return FrameLink(first, second, searches.with { $0.candidates(a, b, within: range, count: 4, unbounded: true) })
                }
                done += others.count
                try work.progress(min(done, total), of: total)
            }
            // Per frame the pairs that look best; neighbours in the order of the names always.
            var chosen: Set<Int> = []
            var perFrame = [Int](repeating: 0, count: count)
            for index in rough.indices.sorted(by: { (rough[$0].candidates.first?.evidence ?? 0, $1) > (rough[$1].candidates.first?.evidence ?? 0, $0) }) {
                let link = rough[index]
                guard let best = link.candidates.first, best.evidence > 0.1 else { break }
                guard perFrame[link.first] < 8 || perFrame[link.second] < 8 else { continue }
                chosen.insert(index)
                perFrame[link.first] += 1
                perFrame[link.second] += 1
            }
            let slack = 2 * stitcher.textureScale * factor
            return rough.indices.compactMap { index -> Pair? in
                let link = rough[index]
                guard chosen.contains(index) || link.second == link.first + 1 else { return nil }
                let ranges = link.candidates.map { candidate in
                    let (x, y) = (Int(candidate.displacement.x), Int(candidate.displacement.y))
                    return DisplacementRange(x: (x - slack)...(x + slack), y: (y - slack)...(y + slack))
                }
                return ranges.isEmpty ? nil : Pair(first: link.first, second: link.second, ranges: ranges)
            }
        }

        /// Frames so that those compared with each other come soon after each other.
        private static func order(_ count: Int, _ pairs: [Pair]) -> [Int] {
            var neighbours = [[Int]](repeating: [], count: count)
            for pair in pairs {
                neighbours[pair.first].append(pair.second)
                neighbours[pair.second].append(pair.first)
            }
            var (order, seen) = ([Int](), [Bool](repeating: false, count: count))
            for start in 0..<count where !seen[start] {
                var queue = [start]
                seen[start] = true
                var head = 0
                while head < queue.count {
                    let frame = queue[head]
                    head += 1
                    order.append(frame)
                    for next in neighbours[frame].sorted() where !seen[next] {
                        seen[next] = true
                        queue.append(next)
                    }
                }
            }
            return order
        }
    }

    /// A frame beside a placed one, as far from it as others are from their neighbours.
    private func pair(_ placed: Int, _ frame: Int, at side: StitchGuess.Side, of grid: FrameGrid) -> Pair {
        let (first, second) = (min(placed, frame), max(placed, frame))
        let toSecond = placed == first ? side : side.opposite
        guard let step = side == .right || side == .left ? grid.across : grid.down else { return Pair(first: first, second: second, ranges: [range(toSecond, first, second)]) }
        let slack = Int(max(16, 3 * step.spread, 0.03 * Double(max(width, height))).rounded(.up))
        let sign = toSecond == .right || toSecond == .below ? 1 : -1
        let (x, y) = (sign * Int(step.displacement.x.rounded()), sign * Int(step.displacement.y.rounded()))
        return Pair(first: first, second: second, ranges: [.init(x: (x - slack)...(x + slack), y: (y - slack)...(y + slack))])
    }

    /// How many of the planned pairs were matched; those that share a corner only say nothing.
    private func support(_ pairs: [Pair], _ links: [FrameLink], _ layout: FrameLayout) -> StitchedFrames.Support {
        let fitting = zip(links, layout.verdicts).filter { $0.1 == .used }.map(\.0)
        let used = Set(fitting.map { SIMD2($0.first, $0.second) })
        let certain = Set(fitting.filter { $0.isClear(unbounded: true) }.map { SIMD2($0.first, $0.second) })
        var support = StitchedFrames.Support()
        for pair in pairs {
            guard let range = pair.ranges.first else { continue }
            let x = abs(Double(range.x.lowerBound + range.x.upperBound)) / 2 / Double(width)
            let y = abs(Double(range.y.lowerBound + range.y.upperBound)) / 2 / Double(height)
            if x > 0.3, y > 0.3 { continue }
            let matched = used.contains(SIMD2(pair.first, pair.second)) ? 1 : 0
            if certain.contains(SIMD2(pair.first, pair.second)) { support.certain += 1 }
            if x > y { support.across = (support.across.matched + matched, support.across.implied + 1) } else {
                support.down = (support.down.matched + matched, support.down.implied + 1)
            }
        }
        return support
    }

    /// Pairs to look at once more, in the narrow range that the others leave.
    private func secondLook(_ layout: FrameLayout, _ links: [FrameLink], hasPlan: Bool) -> [Pair] {
        func range(_ first: Int, _ second: Int) -> DisplacementRange? {
            guard let (d, tolerance) = layout.expectation(first, second), tolerance.isFinite else { return nil }
            let slack = Int(tolerance.rounded(.up)) + 2 * textureScale
            guard slack < min(input.frames[first].width, input.frames[first].height) / 8 else { return nil }
            let (x, y) = (Int(d.x.rounded()), Int(d.y.rounded()))
            return .init(x: (x - slack)...(x + slack), y: (y - slack)...(y + slack))
        }
        var pairs: [Pair] = []
        for (link, verdict) in zip(links, layout.verdicts) where verdict != .used {
            if let range = range(link.first, link.second) { pairs.append(Pair(first: link.first, second: link.second, ranges: [range])) }
        }
        guard !hasPlan else { return pairs }
        let known = Set(links.map { SIMD2($0.first, $0.second) })
        for first in 0..<count {
            guard let a = layout.placements[first].position else { continue }
            for second in (first + 1)..<max(first + 1, count) {
                guard !known.contains(SIMD2(first, second)), let b = layout.placements[second].position else { continue }
                let (x, y) = (Int((b.x - a.x).rounded()), Int((b.y - a.y).rounded()))
                let (w, h) = (overlap(x, input.frames[first].width, input.frames[second].width), overlap(y, input.frames[first].height, input.frames[second].height))
                guard w > 0, h > 0, w * h > 0.05 * Double(input.frames[first].width * input.frames[first].height) else { continue }
                if let range = range(first, second) { pairs.append(Pair(first: first, second: second, ranges: [range])) }
            }
        }
        return pairs
    }
}

extension FrameGrid.Cell {
    fileprivate func beside(_ side: StitchGuess.Side) -> Self {
        switch side {
        case .right: .init(row: row, column: column + 1)
        case .left: .init(row: row, column: column - 1)
        case .below: .init(row: row + 1, column: column)
        case .above: .init(row: row - 1, column: column)
        }
    }
}

/// Room for transforms, handed from thread to thread.
private final class SearchPool: Sendable {
    private let free = Mutex<[Box]>([])

    // A search is used by one thread at a time, the one that took it.
    private struct Box: @unchecked Sendable { let search: OverlapSearch }

    func with<R>(_ body: (OverlapSearch) -> R) -> R {
        let box = free.withLock { $0.popLast() } ?? Box(search: OverlapSearch())
        defer { free.withLock { $0.append(box) } }
        return body(box.search)
    }
}
