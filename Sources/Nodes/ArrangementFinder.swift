import Operations
import Pipeline

/// Stitches frames of which nobody says how they were taken.
///
/// What names and stage tell is a guess that most of the neighbours it implies have to bear out. Else a few pairs of frames are looked at in all
/// four directions, which tells whether the running number goes in rows, in columns or to and fro, and how many there are in a row; and in the
/// end every frame is compared with every other. What places most frames by their overlaps is taken.
package struct ArrangementFinder: Sendable {
    private let input: StitchInput
    private let named: [StitchPrior.Cell]?
    private let stage: StitchPrior?
    private let settings: StitchSettings
    private let work: any ParallelWork

    /// From so many frames on not every one is compared with every other, if names or stage tell anything.
    private static let fewFrames = 250

    /// - Parameters:
    ///   - named: row and column of each frame as the names have them, ``StitchPlaces/cells(_:)``.
    ///   - stage: stage positions, if all frames have one.
    package init(_ input: StitchInput, named: [StitchPrior.Cell]?, stage: StitchPrior?, settings: StitchSettings, work: any ParallelWork) {
        (self.input, self.named, self.stage, self.settings, self.work) = (input, named, stage, settings, work)
    }

    private struct Trial {
        var stitched: StitchedFrames
        let isBorneOut: Bool
        var measured: Int { stitched.states.filter { $0 == .measured }.count }
        /// Of the neighbours by the arrangement those that match; 0 where there is none.
        var share: Double { stitched.support.map { $0.implied > 0 ? Double($0.matched) / Double($0.implied) : 0 } ?? 0 }
    }

    /// - Returns: with ``StitchedFrames/arrangement`` saying what was taken and what bears it out.
    package func layout() async throws -> StitchedFrames {
        let count = input.frames.count
        var trials: [Trial] = []
        var refused: [String] = []
        for (prior, words) in known {
            let trial = try await trial(prior, words, isFirst: trials.isEmpty)
            if trial.isBorneOut { return trial.stitched }
            refused.append("\(words) fits only \(support(trial.stitched))")
            trials.append(trial)
        }
        let seen = try await sides(named.map { StitchGuess(words: "", cells: $0).crossing(count: 3 * count) } ?? [])
        let (guess, all) = try await bestGuess(seen)
        let own = named.map { StitchGuess(words: "", cells: $0).count(all) }
        if let guess, guess.count(all).agree > own?.agree ?? 0 {
            let trial = try await trial(.grid(guess.cells), guess.words, isFirst: false)
            let said = guess.count(all)
            if trial.isBorneOut, 10 * said.differ <= said.agree { return concluded(trial, refused) }
            trials.append(trial)
        }
        // Where what is seen speaks for the names and nothing against them, the overlaps are merely empty.
        let isNamedRight = own.map { $0.agree >= 2 && $0.agree >= 10 * $0.differ } ?? false
        if trials.isEmpty || (count <= Self.fewFrames && !isNamedRight) {
            let words = "in no order that names, stage or their sequence tell: every frame was compared with every other"
            trials.append(try await trial(.none, words, isFirst: trials.isEmpty))
        }
        // What names or stage say stands where most of it fits and nothing fits better.
        if let first = trials.first, !known.isEmpty, 2 * first.share >= 1, trials.dropFirst().allSatisfy({ $0.share <= first.share }) { return first.stitched }
        // Of equal ones the first.
        let best = trials.indices.dropFirst().reduce(0) { trials[$1].measured > trials[$0].measured ? $1 : $0 }
        return concluded(trials[best], best == 0 && !known.isEmpty ? [] : refused)
    }

    private var known: [(StitchPrior, String)] {
        var found: [(StitchPrior, String)] = []
        if let named {
            let (rows, columns) = (Set(named.map(\.row)).count, Set(named.map(\.column)).count)
            found.append((.grid(named), "by the numbers in the names, \(rows) \(rows == 1 ? "row" : "rows") of \(columns)"))
        }
        if let stage { found.append((stage, "by their stage positions")) }
        return found
    }

    private func concluded(_ trial: Trial, _ refused: [String]) -> StitchedFrames {
        var stitched = trial.stitched
        if !refused.isEmpty, let words = stitched.arrangement { stitched.arrangement = words + "; not taken: " + refused.joined(separator: "; ") }
        return stitched
    }

    private func support(_ stitched: StitchedFrames) -> String {
        guard let support = stitched.support else { return "" }
        return "\(support.fitting) of \(support.implied) neighbours"
    }

    private func trial(_ prior: StitchPrior, _ words: String, isFirst: Bool) async throws -> Trial {
        var stitched = try await FrameStitcher(input, prior: prior, settings: settings, work: isFirst ? work : LaterWork(work: work)).layout()
        let support = stitched.support ?? .init()
        stitched.arrangement = "the frames lie \(words)" + (support.implied > 0 ? " (\(self.support(stitched)) fit)" : "")
        let isBorneOut = stitched.support == nil || support.isMost || support.implied == 0
        return Trial(stitched: stitched, isBorneOut: isBorneOut)
    }

    // MARK: - The order of the frames

    private typealias Seen = [SIMD2<Int>: StitchGuess.Side?]

    /// At which side of the first of two frames the second lies: of frames that follow each other, and of `more` pairs.
    private func sides(_ more: [SIMD2<Int>]) async throws -> Seen {
        let count = input.frames.count
        let pairs = Set((0..<max(0, count - 1)).map { SIMD2($0, $0 + 1) }).union(more).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        return try await FrameStitcher(input, prior: .none, settings: settings, work: LaterWork(work: work)).sides(pairs)
    }

    private static func score(_ guess: StitchGuess, _ seen: Seen) -> Double {
        let (agree, differ, missing) = guess.count(seen)
        return Double(agree - differ) - 0.25 * Double(missing)
    }

    /// The guess that what was seen bears out best, once pairs across its lines were looked at too; nil if nothing speaks for any.
    private func bestGuess(_ seen: Seen) async throws -> (guess: StitchGuess?, seen: Seen) {
        // The best few, of equal ones those of whole rows, of these the first.
        var best: [(guess: StitchGuess, score: Double, isWhole: Bool)] = []
        func consider(_ guess: StitchGuess) {
            let score = Self.score(guess, seen)
            if best.count == 24, let last = best.last, score < last.score { return }
            let isWhole = guess.isWhole
            let place = best.firstIndex { (score, isWhole ? 1 : 0) > ($0.score, $0.isWhole ? 1 : 0) } ?? best.count
            best.insert((guess, score, isWhole), at: place)
            if best.count > 24 { best.removeLast() }
        }
        if let named { StitchGuess.variants(named).forEach(consider) }
        StitchGuess.forEachOrder(count: input.frames.count, consider)
        guard let top = best.first, top.guess.count(seen).agree >= 2, top.score > 0 else { return (nil, seen) }
        let close = best.filter { $0.score >= top.score - 2 - top.score / 8 }
        let crossing = Set(close.flatMap { $0.guess.crossing(count: 12) }).filter { seen[$0] == nil }
        let all = try await FrameStitcher(input, prior: .none, settings: settings, work: LaterWork(work: work))
            .sides(crossing.sorted { ($0.x, $0.y) < ($1.x, $1.y) }).merging(seen) { $1 }
        let again = close.map { (guess: $0.guess, score: Self.score($0.guess, all)) }
        guard let first = again.indices.max(by: { (again[$0].score, $1) < (again[$1].score, $0) }), again[first].score > 0 else { return (nil, all) }
        return (again[first].guess, all)
    }
}

/// Work that nobody knew of at first: it can be stopped, but what was told of the progress stands.
private struct LaterWork: ParallelWork {
    let work: any ParallelWork

    func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] { try await work.concurrently(items, body) }

    func progress(_ done: Int, of total: Int) throws { try work.progress(total, of: total) }
}
