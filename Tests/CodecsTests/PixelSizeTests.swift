import Codecs
import Testing

struct PixelSizeTests {
    @Test(arguments: [
        (Resolution(x: 2400, y: 2400, unit: .inch, source: .tiff), 25_400.0 / 2400),
        (Resolution(x: 8000, y: 8000, unit: .centimetre, source: .exif), 1.25),
        (Resolution(x: 2_000_000, y: 2_000_000, unit: .metre, source: .png), 0.5),
        (Resolution(x: 4, y: 4, unit: .micrometre, source: .imageJ), 0.25),
    ])
    func `a density is a pixel size`(resolution: Resolution, micrometres: Double) {
        guard case .size(let size) = resolution.pixelSize else {
            Issue.record("\(resolution.pixelSize)")
            return
        }
        #expect(abs(size.micrometres - micrometres) < 1e-12 * micrometres)
        #expect(size.source == resolution.source)
    }

    @Test(arguments: [
        Resolution(x: 72, y: 72, unit: .inch, source: .exif), Resolution(x: 300, y: 300, unit: .inch, source: .jfif),
        Resolution(x: 28, y: 28, unit: .centimetre, source: .jfif), Resolution(x: 2835, y: 2835, unit: .metre, source: .png),
        Resolution(x: 10, y: 10, unit: .inch, source: .jfif),
    ])
    func `a print size is no pixel size`(resolution: Resolution) {
        guard case .unusable(let sentence) = resolution.pixelSize else {
            Issue.record("\(resolution.pixelSize)")
            return
        }
        #expect(sentence.contains("print size") && sentence.contains("µm"))
    }

    @Test(arguments: [
        Resolution(x: 0, y: 0, unit: .inch, source: .exif), Resolution(x: .nan, y: 1, unit: .inch, source: .exif),
        Resolution(x: 8000, y: 4000, unit: .centimetre, source: .exif), Resolution(x: 1e12, y: 1e12, unit: .metre, source: .png),
        Resolution(x: .infinity, y: .infinity, unit: .metre, source: .tiff),
    ])
    func `senseless densities are refused with a sentence`(resolution: Resolution) {
        guard case .unusable(let sentence) = resolution.pixelSize else {
            Issue.record("\(resolution.pixelSize)")
            return
        }
        #expect(sentence.contains("by hand"))
    }
}
