import Foundation
import Raster

/// An image request of the IIIF Image API 3.0, `{region}/{size}/{rotation}/{quality}.{format}`, worked out for one image.
struct IIIFRequest: Equatable, Sendable {
    enum Quality: String, CaseIterable, Sendable { case `default`, color, gray, bitonal }
    enum Format: String, CaseIterable, Sendable { case jpg, png }

    /// Part of the image, in its pixels.
    let region: Rect
    /// Size of that part before it is turned.
    let width: Int
    let height: Int
    let isMirrored: Bool
    /// Clockwise, in quarter turns.
    let quarterTurns: Int
    let quality: Quality
    let format: Format

    /// Largest answer, so that no request takes more memory than this many pixels; JPEG has no longer sides than 65,500.
    static let maxArea = 32 << 20
    static let maxSide = 16_384

    /// - Throws: `iiif.invalid` for what the standard does not allow, `iiif.unsupported` for what it allows and this server does not do.
    init(region: String, size: String, rotation: String, file: String, width: Int, height: Int) throws(Problem) {
        let part = try Self.region(region, width: width, height: height)
        self.region = part
        (self.width, self.height) = try Self.size(size, of: part)
        isMirrored = rotation.hasPrefix("!")
        let degrees = isMirrored ? String(rotation.dropFirst()) : rotation
        guard let angle = Self.number(degrees), angle <= 360 else {
            throw Problem(.iiifInvalid, "the rotation is \"\(rotation.prefix(20))\" but must be a number from 0 to 360, with ! before it to mirror")
        }
        guard angle.truncatingRemainder(dividingBy: 90) == 0 else {
            throw Problem(.iiifUnsupported, "the rotation is \(degrees.prefix(20)) degrees; this server turns by 0, 90, 180 and 270")
        }
        quarterTurns = Int(angle / 90) % 4
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let quality = Quality(rawValue: String(parts[0])) else {
            throw Problem(.iiifInvalid, "\"\(file.prefix(40))\" names no quality; use \(Quality.allCases.map(\.rawValue).joined(separator: ", ")), a dot and a format")
        }
        guard let format = Format(rawValue: String(parts[1])) else {
            throw Problem(.iiifInvalid, "the format is \"\(parts[1].prefix(20))\"; this server gives \(Format.allCases.map(\.rawValue).joined(separator: " and "))")
        }
        (self.quality, self.format) = (quality, format)
    }

    private static func region(_ text: String, width: Int, height: Int) throws(Problem) -> Rect {
        let whole = Rect(x: 0, y: 0, width: width, height: height)
        if text == "full" { return whole }
        if text == "square" {
            let side = min(width, height)
            return Rect(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side)
        }
        let isPercent = text.hasPrefix("pct:")
        let numbers = (isPercent ? text.dropFirst(4) : Substring(text)).split(separator: ",", omittingEmptySubsequences: false).map { number(String($0)) }
        guard numbers.count == 4, numbers.allSatisfy({ $0 != nil }), isPercent || !text.contains(".") else {
            throw Problem(.iiifInvalid, "the region is \"\(text.prefix(60))\" but must be full, square, x,y,w,h or pct:x,y,w,h")
        }
        let scale = isPercent ? (Double(width) / 100, Double(height) / 100) : (1, 1)
        let (x, y) = ((numbers[0]! * scale.0).rounded(), (numbers[1]! * scale.1).rounded())
        let (w, h) = ((numbers[2]! * scale.0).rounded(), (numbers[3]! * scale.1).rounded())
        guard w >= 1, h >= 1, x < Double(width), y < Double(height) else {
            throw Problem(.iiifInvalid, "the region \(text.prefix(60)) is empty or lies outside the image of \(width) × \(height) pixels")
        }
        let (right, bottom) = (min(Double(width), x + w), min(Double(height), y + h))
        return Rect(minX: Int(x), minY: Int(y), maxX: Int(right), maxY: Int(bottom))
    }

    private static func size(_ text: String, of region: Rect) throws(Problem) -> (Int, Int) {
        let mayGrow = text.hasPrefix("^")
        let body = mayGrow ? String(text.dropFirst()) : text
        let wrong = Problem(.iiifInvalid, "the size is \"\(text.prefix(40))\" but must be max, w, or ,h or w,h or !w,h or pct:n, with ^ before it to enlarge")
        let (fullWidth, fullHeight) = (Double(region.width), Double(region.height))
        var (width, height): (Double, Double)
        if body == "max" {
            let largest = min(Double(maxSide) / max(fullWidth, fullHeight), (Double(maxArea) / (fullWidth * fullHeight)).squareRoot())
            let shrink = min(1, largest)
            return (max(1, Int(fullWidth * shrink)), max(1, Int(fullHeight * shrink)))
        } else if body.hasPrefix("pct:") {
            guard let percent = number(String(body.dropFirst(4))), percent > 0 else { throw wrong }
            (width, height) = ((fullWidth * percent / 100).rounded(), (fullHeight * percent / 100).rounded())
        } else {
            let fits = body.hasPrefix("!")
            let halves = (fits ? body.dropFirst() : Substring(body)).split(separator: ",", omittingEmptySubsequences: false)
            guard halves.count == 2, halves.allSatisfy({ $0.isEmpty || number(String($0)) != nil && !$0.contains(".") }) else { throw wrong }
            switch (number(String(halves[0])), number(String(halves[1]))) {
            case (let w?, let h?) where fits:
                // A box larger than the region is refused below, as the standard's own validator asks.
                let scale = min(w / fullWidth, h / fullHeight)
                (width, height) = ((fullWidth * scale).rounded(), (fullHeight * scale).rounded())
            case (let w?, let h?): (width, height) = (w, h)
            case (let w?, nil) where !fits: (width, height) = (w, (fullHeight * w / fullWidth).rounded())
            case (nil, let h?) where !fits: (width, height) = ((fullWidth * h / fullHeight).rounded(), h)
            default: throw wrong
            }
            // Sides that follow from the other one are at least one pixel; a side of 0 that was asked for is wrong.
            guard number(String(halves[0])) != 0, number(String(halves[1])) != 0 else { throw wrong }
        }
        (width, height) = (max(1, width), max(1, height))
        guard mayGrow || (width <= fullWidth && height <= fullHeight) else {
            throw Problem(.iiifInvalid, "the size \(text.prefix(40)) is larger than the region of \(region.width) × \(region.height); put ^ before it to enlarge")
        }
        guard width <= Double(maxSide), height <= Double(maxSide), width * height <= Double(maxArea) else {
            throw Problem(.iiifInvalid, "the answer would have more than \(maxArea) pixels, or \(maxSide) on a side; ask for a smaller size")
        }
        return (Int(width), Int(height))
    }

    /// Digits with at most one point, not negative; nothing that only `Double` would take.
    private static func number(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.count <= 12, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), text != "." else { return nil }
        return Double(text.hasPrefix(".") ? "0" + text : text)
    }
}
