import Codecs
import Foundation
import Operations
import Pipeline
import Raster
import Store

/// Takes away the background that all images of an acquisition, or frames without objects, have in common.
package struct BackgroundNode: PreparedNode {
    package static let kind = "correct.background"
    package static let title = "Background of a stack"
    package static let help = """
        What stays in place while objects drift through: uneven light, dust, scratches. It is found from the images of one acquisition, or from blank \
        frames, and taken away from each image. Where objects cover a place in more than half of the images, use blank frames.
        """
    static let image = Slot<AnyImage>("image", help: "The frames, colour or gray, of one size.")
    package static let corrected = Slot<AnyImage>("image", sameAs: "image", help: "The same frame on an even background.")
    package static let inputs = [image.schema]
    package static let outputs = [corrected.schema]

    package enum Source: String, CaseIterable, Sendable { case median, mean, blank }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.source, "source", label: "Background is", titles: [.median: "the median of the images", .mean: "their mean", .blank: "that of blank frames"],
            help: "A median leaves out what drifts through; a mean is for images that are nearly empty."),
        .text(
            \.blank, "blank", label: "Blank frames are named", maxLength: 200,
            help: "Part of their names, without regard to case, with folders. Several are averaged. They may be of another acquisition, but of the same size.",
            fault: { $0.isEmpty ? "a part of the names of the blank frames" : nil })
            .applies(when: "source", "blank"),
        .integer(
            \.frames, "frames", label: "Images looked at", range: 2...200,
            help: "Spread evenly over all. More take longer, fewer leave traces of objects.")
            .applies(when: "source", "median"),
        .choice(
            \.method, "method", label: "Taken away by",
            titles: [.divide: "division, for light that falls off", .subtract: "subtraction, for an offset", .difference: "255 − difference, as in ZooProcess"],
            help: "After division and subtraction the background is as bright as it was on average."),
    ]
    package var source = Source.median
    package var blank = "blank"
    package var frames = 25
    package var method = BlankFrame.Method.divide
    package init() {}
    package var reach: Reach { .halo(0) }

    private static let file = "background.png"

    package func group(of frame: FrameGroup.Frame) -> String {
        let size = "\(frame.image.width) × \(frame.image.height) × \(frame.image.channels), \(frame.image.bits) bit"
        // Blank frames are often taken apart from the others.
        return source == .blank ? size : "\(frame.acquisition) \(size)"
    }

    package func prepare(_ group: FrameGroup) async throws {
        let chosen: [FrameGroup.Frame]
        switch source {
        case .median: chosen = Self.spread(group.frames, count: frames)
        case .mean: chosen = group.frames
        case .blank:
            chosen = group.frames.filter { $0.image.name.localizedCaseInsensitiveContains(blank) }
            guard !chosen.isEmpty else { throw NoBlankFrame(part: blank, size: group.name) }
        }
        let background = source == .median ? try await median(chosen, group) : try mean(chosen, group)
        let bytes = try PNGWriter.encode(background)
        try group.write(Self.file) { path in try Data(bytes).write(to: URL(filePath: path)) }
    }

    package func load(_ files: PreparedFiles) throws -> BlankFrame {
        BlankFrame(try ImageFile.decode(bytes: files.read(Self.file), name: Self.file))
    }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let isGray = values[Self.image.name] is GrayImage
        let image = values[Self.image]
        var background = try context.prepared(BlankFrame.self)
        // The goals stay those of the whole frame.
        if let part = context.source.part { background = background.cropped(to: part) }
        switch try background.apply(to: image, by: method) {
        case .gray8(let image) where isGray: values[Self.corrected.name] = GrayImage.bits8(image)
        case .gray16(let image) where isGray: values[Self.corrected.name] = GrayImage.bits16(image)
        case let corrected: values[Self.corrected] = corrected
        }
    }

    /// So many, evenly spread over all, the first among them.
    package static func spread<Item>(_ all: [Item], count: Int) -> [Item] {
        guard all.count > count else { return all }
        return (0..<count).map { all[$0 * all.count / count] }
    }

    // MARK: -

    /// Sums only: any number of images, one in memory at a time.
    private func mean(_ chosen: [FrameGroup.Frame], _ group: FrameGroup) throws -> AnyImage {
        var mean = MeanBackground()
        var reason = ""
        for (done, frame) in chosen.enumerated() {
            try group.progress(done, of: chosen.count)
            do {
                if let image = try group.value(Self.image, of: frame) { try mean.add(image) }
            } catch let stop as RunCancelled { throw stop } catch { reason = "\(frame.image.name): \(error)" }
        }
        guard let image = mean.image else { throw NoBackground(reason: reason) }
        return image
    }

    /// Frames wait in files without names, from which bands of rows are read: memory holds as many bands as there are frames, not as many frames.
    private func median(_ chosen: [FrameGroup.Frame], _ group: FrameGroup) async throws -> AnyImage {
        let kept = try await group.concurrently(chosen) { frame -> (pixels: ScratchPixels?, reason: String) in
            do {
                guard let image = try group.value(Self.image, of: frame) else { return (nil, "") }
                guard let pixels = ScratchPixels(image) else { throw ScratchLost() }
                return (pixels, "")
            } catch let stop as RunCancelled { throw stop } catch let lost as ScratchLost { throw lost } catch {
                // A frame that cannot be read fails alone.
                return (nil, "\(frame.image.name): \(error)")
            }
        }
        let frames = kept.compactMap(\.pixels)
        guard let first = frames.first else { throw NoBackground(reason: kept.map(\.reason).first { !$0.isEmpty } ?? "") }
        let height = max(1, Self.bandBytes * first.height / max(1, first.byteCount * frames.count))
        var result: AnyImage?
        for y in stride(from: 0, to: first.height, by: height) {
            try group.progress(y, of: first.height)
            let band = Rect(x: 0, y: y, width: first.width, height: min(height, first.height - y))
            var median = MedianBackground(capacity: max(2, frames.count))
            for frame in frames {
                guard frame.width == first.width, frame.height == first.height, let part = frame.window(band) else { throw ScratchLost() }
                try median.add(part)
            }
            guard let part = median.image else { throw ScratchLost() }
            result = (result ?? part.blank(width: first.width, height: first.height)).replacing(x: 0, y: y, with: part)
        }
        guard let result else { throw NoBackground(reason: "its frames are empty") }
        return result
    }

    private static let bandBytes = 64 << 20
}

extension AnyImage {
    /// Picture of the same kind, all 0.
    fileprivate func blank(width: Int, height: Int) -> AnyImage {
        switch self {
        case .gray8: .gray8(Image(width: width, height: height, repeating: 0))
        case .gray16: .gray16(Image(width: width, height: height, repeating: 0))
        case .color8: .color8(Image(width: width, height: height, repeating: BGR(blue: 0, green: 0, red: 0)))
        case .color16: .color16(Image(width: width, height: height, repeating: BGR(blue: 0, green: 0, red: 0)))
        }
    }
}

/// Blank frames are wanted, and none is among the images.
package struct NoBlankFrame: Error, Equatable, CustomStringConvertible {
    package let part: String
    package let size: String
    package var description: String { "no image of \(size) has “\(part)” in its name; add a blank frame of this size, or say how blank frames are named" }
}

/// Not one image of a stack could be read.
package struct NoBackground: Error, Equatable, CustomStringConvertible {
    package let reason: String
    package var description: String { "no background could be found, because none of the images can be used\(reason.isEmpty ? "" : ": \(reason)")" }
}
