import Operations
import Pipeline
import Raster

/// What is known of the frames of a mosaic: where they lie and how sure that is.
package struct StitchedFrames: Sendable {
    package enum State: String, Sendable, Codable {
        /// Found by what its overlaps show.
        case measured
        /// Where grid or stage have it: nothing in its overlaps could be matched.
        case expected
        /// Placed by a person.
        case given
        /// In no mosaic.
        case none
    }

    package struct Link: Sendable, Equatable {
        package let first: Int
        package let second: Int
        /// Of the second frame seen from the first, in pixels.
        package let displacement: Displacement
        package let correlation: Double
        /// The same, lowered where the overlap shows little.
        package let evidence: Double
        /// By how much it stands out from the next best place.
        package let margin: Double
        package let verdict: FrameLayout.Verdict
        /// How far the result is from it, in pixels; nil unless used.
        package let residual: Double?
    }

    /// How far the overlaps bear out an arrangement that was told or guessed.
    package struct Support: Sendable, Equatable {
        /// Pairs of neighbours at each other's side and below each other by the arrangement, and how many of them were matched.
        package var across = (matched: 0, implied: 0)
        package var down = (matched: 0, implied: 0)

        /// Of the matched ones those that nothing but the pictures would have matched too.
        package var certain = 0

        package var matched: Int { across.matched + down.matched }
        package var implied: Int { across.implied + down.implied }

        /// Whether most neighbours match, in either direction: of rows counted from the wrong side half of all do.
        package var isMost: Bool {
            if isOneLine { return 5 * certain >= 4 * implied }
            return matched > 0 && 2 * across.matched >= across.implied && 2 * down.matched >= down.implied
        }
        /// A running number makes one row of what is many; only at their ends it does not fit, and there one thing too many looks like another.
        fileprivate var isOneLine: Bool { implied >= 3 && (across.implied == 0 || down.implied == 0) }
        /// Those that count.
        package var fitting: Int { isOneLine ? certain : matched }

        package static func == (a: Self, b: Self) -> Bool { a.across == b.across && a.down == b.down && a.certain == b.certain }
    }

    package let frames: [StitchInput.Frame]
    /// Nil where no arrangement was known.
    package var support: Support?
    /// How the frames were taken, where that was found out; a sentence without full stop.
    package var arrangement: String?
    package var states: [State]
    /// Top left pixel in the mosaic, to a fraction; nil for frames in no mosaic.
    package var positions: [Displacement?]
    /// Why a frame is in no mosaic.
    package var reasons: [String?]
    package var links: [Link] = []
    /// Channels and bits that frames of the mosaic have.
    package var kind: (channels: Int, bitsPerSample: Int) = (1, 8)
    /// Factor of each frame's brightness.
    package var gains: [Double]
    package var shading: MosaicShading?
    /// Middle level of each frame's channels.
    var middles: [[Double]?]
    /// Evened and balanced, for seams.
    var levels: [FrameLevels?]
    /// Level of the background in each channel, in the frames' own range.
    package var background = [0.0]

    init(_ frames: [StitchInput.Frame]) {
        self.frames = frames
        states = [State](repeating: .none, count: frames.count)
        positions = [Displacement?](repeating: nil, count: frames.count)
        reasons = [String?](repeating: nil, count: frames.count)
        gains = [Double](repeating: 1, count: frames.count)
        levels = [FrameLevels?](repeating: nil, count: frames.count)
        middles = [[Double]?](repeating: nil, count: frames.count)
    }

    /// Takes over where frames lie, and with it how bright they are to each other.
    mutating func take(_ layout: FrameLayout, _ found: [FrameLink], _ levels: [FrameLevels?], settings: StitchSettings, hasPrior: Bool) {
        links = zip(found, zip(layout.verdicts, layout.residuals)).compactMap { link, outcome in
            link.candidates.first.map {
                Link(
                    first: link.first, second: link.second, displacement: $0.displacement, correlation: $0.correlation, evidence: $0.evidence, margin: link.margin,
                    verdict: outcome.0, residual: outcome.1)
            }
        }
        for (frame, placement) in layout.placements.enumerated() where reasons[frame] == nil {
            switch placement {
            case .measured(let position): (positions[frame], states[frame]) = (position, .measured)
            case .expected(let position):
                if settings.wantsOnlyMeasured {
                    reasons[frame] = "nothing in its overlaps could be matched" + best(frame) + "; stitch with frames that grid or stage place, too, or place it by hand"
                } else { (positions[frame], states[frame]) = (position, .expected) }
            case .none(let group):
                let others = group.filter { $0 != frame }.map { frames[$0].name }
                let what =
                    others.isEmpty
                    ? "it fits no other frame" + best(frame)
                    : "it hangs together with \(others.prefix(3).joined(separator: ", "))\(others.count > 3 ? " and \(others.count - 3) more" : ""), but with none of the others"
                reasons[frame] = what + (hasPrior ? "; place it by hand" : "; say in which row and column it lies, give stage positions, or place it by hand")
            }
        }
        moveToOrigin()
        finish(levels, settings)
    }

    private func best(_ frame: Int) -> String {
        guard let link = links.filter({ $0.first == frame || $0.second == frame }).max(by: { $0.correlation < $1.correlation }) else { return "" }
        let share = (link.correlation * 100).rounded() / 100
        return " (best with \(frames[link.first == frame ? link.second : link.first].name), correlation \(share))"
    }

    /// What a person has to know before the mosaic is used.
    package var warnings: [String] {
        guard let support, support.implied > 0, !support.isMost else { return [] }
        let expected = states.filter { $0 == .expected }.count
        let directions =
            support.isOneLine
            ? "" : " (\(support.across.matched) of \(support.across.implied) side by side, \(support.down.matched) of \(support.down.implied) one below the other)"
        return [
            "only \(support.fitting) of \(support.implied) neighbours by the arrangement\(directions) show the same where they overlap"
                + (expected > 0 ? ", and \(expected) frames lie by the arrangement alone, perhaps far from where they belong" : "")
                + "; unless the overlaps are empty, the arrangement is another one: look at the mosaic"
        ]
    }

    /// The upper left corner of all frames becomes (0, 0).
    private mutating func moveToOrigin() {
        let corner = Displacement(x: positions.compactMap { $0?.x }.min() ?? 0, y: positions.compactMap { $0?.y }.min() ?? 0)
        positions = positions.map { $0.map { $0 - corner } }
    }

    /// Light and brightness, once it is known which frames are in the mosaic.
    private mutating func finish(_ levels: [FrameLevels?], _ settings: StitchSettings) {
        var evened = levels.indices.map { positions[$0] == nil ? nil : levels[$0] }
        if settings.evensLight {
            shading = MosaicShading(levels.compactMap(\.self))
            if let shading { evened = evened.map { $0.map(shading.evened) } }
        }
        if settings.balances {
            var pairs: [(Int, Int)] = []
            let boxes = boxes
            for first in boxes.indices {
                for second in (first + 1)..<max(first + 1, boxes.count) {
                    if let a = boxes[first], let b = boxes[second], a.intersects(b) { pairs.append((first, second)) }
                }
            }
            gains = BrightnessBalance.gains(evened, positions: positions, pairs: pairs)
        }
        self.levels = zip(evened, gains).map { level, gain in level.map { $0.scaled(by: Float(gain)) } }
        let seen = positions.indices.filter { positions[$0] != nil }.compactMap { middles[$0] }
        background = (0..<kind.channels).map { channel in
            let values = seen.compactMap { channel < $0.count ? $0[channel] : nil }.sorted()
            return values.isEmpty ? 0 : values[values.count / 2]
        }
    }

    /// Frames as the mosaic shows them: at whole pixels, so that no level is made up between two.
    package var boxes: [Rect?] {
        zip(frames, positions).map { frame, position in
            position.map { Rect(x: Int($0.x.rounded()), y: Int($0.y.rounded()), width: frame.width, height: frame.height) }
        }
    }

    package var bounds: Rect { boxes.compactMap(\.self).reduce(Rect(x: 0, y: 0, width: 0, height: 0)) { $0.union($1) } }

    /// Frames laid where a person has them; light and brightness are found out as for others.
    ///
    /// - Parameters:
    ///   - given: top left pixels; nil for a frame that is left out.
    ///   - work: reads every frame once.
    package static func given(
        _ input: StitchInput, positions given: [Displacement?], settings: StitchSettings, work: any ParallelWork
    ) async throws -> StitchedFrames {
        var result = StitchedFrames(input.frames)
        let scale = input.frames.map { FrameTexture.scale(width: $0.width, height: $0.height, pixels: 100_000) }.max() ?? 1
        for (frame, position) in given.enumerated() {
            if let position { (result.positions[frame], result.states[frame]) = (position, .given) } else { result.reasons[frame] = "the table gives it no position" }
        }
        let kinds = Dictionary(grouping: input.frames.indices.filter { given[$0] != nil }) { SIMD2(input.frames[$0].channels, input.frames[$0].bitsPerSample) }
        if let kind = kinds.max(by: { ($0.value.count, -$0.value[0]) < ($1.value.count, -$1.value[0]) })?.key {
            result.kind = (kind.x, kind.y)
            for (index, frame) in input.frames.enumerated() where given[index] != nil && SIMD2(frame.channels, frame.bitsPerSample) != kind {
                result.leaveOut(index, "it has \(frame.channels) channels of \(frame.bitsPerSample) bits, most frames \(kind.x) of \(kind.y); convert it")
            }
        }
        var levels = [FrameLevels?](repeating: nil, count: input.frames.count)
        let wanted = result.positions.indices.filter { result.positions[$0] != nil }
        for start in stride(from: 0, to: wanted.count, by: 8) {
            let chunk = Array(wanted[start..<min(wanted.count, start + 8)])
            let found = try await work.concurrently(chunk) { frame -> Result<(FrameLevels, [Double]), any Error> in
                do {
                    let image = try input.pixels(frame)
                    return .success((FrameLevels(image, scale: scale), image.middleLevels))
                } catch let error where error is CancellationError || error is RunCancelled { throw error } catch {
                    return .failure(error)
                }
            }
            for (frame, outcome) in zip(chunk, found) {
                switch outcome {
                case .success(let (level, middle)): (levels[frame], result.middles[frame]) = (level, middle)
                case .failure(let error): result.leaveOut(frame, "\(error)")
                }
            }
            try work.progress(start + chunk.count, of: wanted.count)
        }
        result.moveToOrigin()
        result.finish(levels, settings)
        return result
    }

    private mutating func leaveOut(_ frame: Int, _ reason: String) {
        (positions[frame], states[frame], reasons[frame]) = (nil, .none, reason)
    }
}

extension AnyImage {
    /// Median of each channel, of one pixel in 24 along both sides.
    var middleLevels: [Double] {
        func middle<Pixel>(_ image: Image<Pixel>, _ level: (Pixel) -> Int) -> Double {
            var values: [Int] = []
            image.withBuffer { pixels in
                for y in stride(from: 0, to: image.height, by: 24) {
                    for x in stride(from: 0, to: image.width, by: 24) { values.append(level(pixels[y * image.width + x])) }
                }
            }
            values.sort()
            return values.isEmpty ? 0 : Double(values[values.count / 2])
        }
        switch self {
        case .gray8(let image): return [middle(image) { Int($0) }]
        case .gray16(let image): return [middle(image) { Int($0) }]
        case .color8(let image): return [middle(image) { Int($0.blue) }, middle(image) { Int($0.green) }, middle(image) { Int($0.red) }]
        case .color16(let image): return [middle(image) { Int($0.blue) }, middle(image) { Int($0.green) }, middle(image) { Int($0.red) }]
        }
    }
}
