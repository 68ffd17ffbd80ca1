import Operations
import Pipeline
import Raster

/// Several operations on an image, one after the other, in one node.
package struct ChainNode: Node {
    package static let kind = "filter.chain"
    package static let title = "Filters"
    package static let help = "Works on the image by several filters, one after the other."
    static let image = Slot<AnyImage>("image", help: "The image.")
    static let filtered = Slot<AnyImage>("image", sameAs: "image", help: "The image after the last filter.")
    package static let inputs = [image.schema]
    package static let outputs = [filtered.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(
            \.operations, "operations", label: "Filters",
            help: "In their order, parted by semicolons: \(Operation.names). σ and radii are pixels; background shifts all values so that the median becomes that of 255. Example: median 1; blur 1.5; background 255.",
            fault: { text in
                do throws(ChainFault) { _ = try Operation.list(text) } catch { return error.expected }
                return nil
            })
    ]
    package var operations = "median 1"
    package init() {}
    package var reach: Reach {
        let list = (try? Operation.list(operations)) ?? []
        return list.contains(where: \.needsWholeImage) ? .wholeImage : .halo(list.reduce(0) { $0 + $1.reach })
    }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let isGray = values[Self.image.name] is GrayImage
        var image = values[Self.image]
        let list = try Operation.list(operations)
        for (index, operation) in list.enumerated() {
            try context.progress(Double(index) / Double(list.count))
            image = operation.apply(image)
        }
        switch image {
        case .gray8(let image) where isGray: values[Self.filtered.name] = GrayImage.bits8(image)
        case .gray16(let image) where isGray: values[Self.filtered.name] = GrayImage.bits16(image)
        default: values[Self.filtered] = image
        }
    }

    /// One filter with its number.
    enum Operation: Equatable, Sendable {
        case blur(sigma: Double)
        case median(radius: Int)
        case open(radius: Int)
        case close(radius: Int)
        case invert
        /// Additive, as ZooProcess leaves an even background at white; other than there, what is brighter than the background stays brighter.
        case background(level: UInt8)

        static let names = "blur σ, median radius, open radius, close radius, invert, background level"

        static func list(_ text: String) throws(ChainFault) -> [Operation] {
            var list: [Operation] = []
            for part in text.split(separator: ";", omittingEmptySubsequences: false) {
                let words = part.split(separator: " ")
                let number = words.count == 2 ? Double(words[1]) : nil
                let whole = number.flatMap { Int(exactly: $0) }
                switch (words.first, number, whole) {
                case ("blur", let sigma?, _) where (0.1...100).contains(sigma): list.append(.blur(sigma: sigma))
                case ("median", _, let radius?) where (1...100).contains(radius): list.append(.median(radius: radius))
                case ("open", _, let radius?) where (1...100).contains(radius): list.append(.open(radius: radius))
                case ("close", _, let radius?) where (1...100).contains(radius): list.append(.close(radius: radius))
                case ("background", _, let level?) where (0...255).contains(level): list.append(.background(level: UInt8(level)))
                case ("invert", nil, _) where words.count == 1: list.append(.invert)
                case (nil, _, _): throw ChainFault(expected: "filters parted by single semicolons, each one of \(names)")
                default:
                    let said = part.trimmingPrefix { $0 == " " }.prefix(40)
                    throw ChainFault(expected: "a list of \(names), with radii from 1 to 100, σ from 0.1 to 100 and levels from 0 to 255; \"\(said)\" is none of them")
                }
            }
            guard list.count <= 20 else { throw ChainFault(expected: "at most 20 filters") }
            return list
        }

        /// Pixels on each side that count.
        var reach: Int {
            switch self {
            case .blur(let sigma): Int((4 * sigma).rounded(.up))
            case .median(let radius): radius
            case .open(let radius), .close(let radius): 2 * radius
            case .invert, .background: 0
            }
        }

        var needsWholeImage: Bool { if case .background = self { true } else { false } }

        func apply(_ image: AnyImage) -> AnyImage {
            switch self {
            case .blur(let sigma): image.gaussianBlurred(sigma: sigma)
            case .median(let radius): image.medianFiltered(radius: radius)
            case .open(let radius): image.channelwise({ $0.opened(.disk(radius: radius)) }, { $0.opened(.disk(radius: radius)) })
            case .close(let radius): image.channelwise({ $0.closed(.disk(radius: radius)) }, { $0.closed(.disk(radius: radius)) })
            case .background(let level): image.channelwise({ $0.withMedian(at: level) }, { $0.withMedian(at: UInt16(level) * 257) })
            case .invert: image.channelwise({ $0.mapped { 255 - $0 } }, { $0.mapped { 65535 - $0 } })
            }
        }
    }
}

/// What a list of filters must be instead, as it stands after "must be".
struct ChainFault: Error, Equatable, CustomStringConvertible {
    let expected: String
    var description: String { "the filters must be \(expected)" }
}

extension AnyImage {
    /// The same done to each channel by itself.
    fileprivate func channelwise(_ narrow: (Image<UInt8>) -> Image<UInt8>, _ wide: (Image<UInt16>) -> Image<UInt16>) -> AnyImage {
        switch self {
        case .gray8(let image): .gray8(narrow(image))
        case .gray16(let image): .gray16(wide(image))
        case .color8(let image): .color8(AnyImage.joined(narrow(image.mapped(\.blue)), narrow(image.mapped(\.green)), narrow(image.mapped(\.red))))
        case .color16(let image): .color16(AnyImage.joined(wide(image.mapped(\.blue)), wide(image.mapped(\.green)), wide(image.mapped(\.red))))
        }
    }

    private static func joined<Value>(_ blue: Image<Value>, _ green: Image<Value>, _ red: Image<Value>) -> Image<BGR<Value>> {
        blue.withBuffer { blue in
            green.withBuffer { green in
                red.withBuffer { redPixels in
                    Image(width: red.width, height: red.height) { pixels in
                        for index in pixels.indices { pixels[index] = BGR(blue: blue[index], green: green[index], red: redPixels[index]) }
                    }
                }
            }
        }
    }
}
