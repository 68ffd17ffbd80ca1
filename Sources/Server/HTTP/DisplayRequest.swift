import Pyramid
import Raster

/// Display settings as an address has them: each may be missing.
struct DisplayRequest: Equatable {
    var min: Double?
    var max: Double?
    var gamma = 1.0
    var isInverted = false
    var colors: [BGR<UInt8>?]?

    static let query: [Route.Query] = [
        .init(name: "min", schema: .number, help: "Value of the source that becomes black: 0 to 255, or to 65535 of 16 bits."),
        .init(name: "max", schema: .number, help: "Value that becomes white."),
        .init(name: "gamma", schema: .number, help: "0.1 to 10; above 1 brightens the middle."),
        .init(name: "invert", schema: .integer, help: "1: black and white change places."),
        .init(name: "channels", schema: .string, help: "A colour RRGGBB for each channel in the image's order, - where it is off: FF0000,-,0000FF."),
    ]

    /// Nothing is to be changed.
    var isNeutral: Bool { self == DisplayRequest() }
    /// Values of the source are meant, or spread by gamma, so that depth counts.
    var needsDepth: Bool { min != nil || max != nil }

    /// - Throws: `query.invalid`.
    init(_ call: Call) throws(Problem) {
        min = try call.number("min")
        max = try call.number("max")
        for (name, value) in [("min", min), ("max", max)] {
            guard let value, !(-1e6...1e6).contains(value) else { continue }
            throw Problem(.queryInvalid, "\(name) must be from -1000000 to 1000000", field: name)
        }
        if let min, let max, min >= max { throw Problem(.queryInvalid, "min must be less than max", field: "min") }
        gamma = try call.number("gamma") ?? 1
        guard (0.1...10).contains(gamma) else { throw Problem(.queryInvalid, "gamma must be from 0.1 to 10", field: "gamma") }
        isInverted = try call.integer("invert", in: 0...1) == 1
        if let text = call.target.query["channels"], !text.isEmpty { colors = try Self.colors(text) }
    }

    private init() {}

    private static func colors(_ text: String) throws(Problem) -> [BGR<UInt8>?] {
        var colors: [BGR<UInt8>?] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if part == "-" {
                colors.append(nil)
                continue
            }
            guard let color = Call.color(part) else {
                throw Problem(.queryInvalid, "channels holds \"\(part.prefix(20))\" but must list six hexadecimal digits or - for each channel", field: "channels")
            }
            colors.append(BGR(blue: UInt8(color & 255), green: UInt8(color >> 8 & 255), red: UInt8(color >> 16)))
        }
        guard colors.count <= 3 else { throw Problem(.queryInvalid, "channels lists \(colors.count) colours; images have at most 3 channels", field: "channels") }
        return colors
    }

    /// - Parameter neutral: window that is taken where none is asked for.
    func display(neutral: ClosedRange<Double>) -> Display {
        let low = min ?? Swift.min(neutral.lowerBound, (max ?? .infinity) - 1)
        var display = Display(window: low...Swift.max(max ?? neutral.upperBound, low + 1e-6))
        (display.gamma, display.isInverted, display.colors) = (gamma, isInverted, colors)
        return display
    }

    /// Tells renderings apart.
    var tag: String {
        let colors = colors.map { $0.map { $0.map { "\($0.red).\($0.green).\($0.blue)" } ?? "-" }.joined(separator: "_") } ?? ""
        return "\(min.map { "\($0)" } ?? "")_\(max.map { "\($0)" } ?? "")_\(gamma)_\(isInverted)_\(colors)"
    }
}
