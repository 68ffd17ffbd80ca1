import Operations
import Raster

extension AnyImage {
    /// For pictures that people look at: 16-bit values spread from the image's smallest to its largest.
    package func eightBit() -> AnyImage {
        switch self {
        case .gray8, .color8: return self
        case .gray16(let image): return .gray8(image.windowed(AnyImage.range([image.histogram()])))
        case .color16(let image):
            let gray: Image<UInt16> = image.gray()
            let window = AnyImage.range([gray.histogram()])
            let (low, span) = (Int(window.lowerBound), max(1, Int(window.upperBound) - Int(window.lowerBound)))
            func narrow(_ value: UInt16) -> UInt8 { UInt8(clamping: ((Int(value) - low) * 255 + span / 2) / span) }
            return .color8(image.mapped { BGR(blue: narrow($0.blue), green: narrow($0.green), red: narrow($0.red)) })
        }
    }

    private static func range(_ histograms: [Histogram]) -> ClosedRange<UInt16> {
        let counts = histograms[0].counts
        let low = counts.firstIndex { $0 > 0 } ?? 0
        let high = counts.lastIndex { $0 > 0 } ?? low
        return UInt16(clamping: low)...UInt16(clamping: high)
    }
}
