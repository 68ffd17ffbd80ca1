import Foundation
import Operations
import Raster
import Testing

/// The definition: every pixel by the whole kernel, in double precision; the kernel is cut at 6 σ.
private func plainBlur(_ image: Image<Float>, sigma: Double) -> [Double] {
    let (w, h, radius) = (image.width, image.height, Int(6 * sigma) + 1)
    let bell = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = bell.reduce(0, +)
    func mirrored(_ place: Int, _ count: Int) -> Int {
        var place = place
        while place < 0 || place >= count { place = place < 0 ? -1 - place : 2 * count - 1 - place }
        return place
    }
    var across = [Double](repeating: 0, count: w * h)
    for x in 0..<w {
        let columns = (-radius...radius).map { mirrored(x + $0, w) }
        for y in 0..<h { for (column, weight) in zip(columns, bell) { across[y * w + x] += Double(image[column, y]) * weight / sum } }
    }
    var result = [Double](repeating: 0, count: w * h)
    for y in 0..<h {
        let rows = (-radius...radius).map { mirrored(y + $0, h) }
        for (row, weight) in zip(rows, bell) { for x in 0..<w { result[y * w + x] += across[row * w + x] * weight / sum } }
    }
    return result
}

struct GaussianBlurTests {
    @Test(arguments: ["0.7", "1.5", "3", "6", "8.5", "20", "45"])
    func `levels equal SciPy's within the rounding`(sigma: String) throws {
        let value = try #require(Double(sigma))
        let narrow = FilterFixtures.samples(Pattern.gray8.gaussianBlurred(sigma: value))
        for (found, expected) in zip(narrow, FilterFixtures.values("gauss \(sigma)")) { #expect(abs(found - expected) <= 0.7) }
        let wide = FilterFixtures.samples(Pattern.gray16.gaussianBlurred(sigma: value))
        for (found, expected) in zip(wide, FilterFixtures.values("gauss16 \(sigma)")) { #expect(abs(found - expected) <= 4) }
    }

    /// Black and white halves, squares and single pixels: what bends most.
    @Test(arguments: [2.6, 3.1, 5.2, 7.9, 11, 16, 23, 31.9, 32, 60])
    func `large widths stay within the stated error of the kernel itself`(sigma: Double) {
        let step = Int(sigma * 1.5)
        let (w, h) = (190, 131)
        let image = Pattern.image(w, h) { x, y in Float(x < w / 3 || (x / step + y / step) % 2 == 0 || (x == 150 && y == 60) ? 255 : 0) }
        let exact = plainBlur(image, sigma: sigma)
        let narrow = image.mapped { UInt8($0) }.gaussianBlurred(sigma: sigma)
        let wide = image.mapped { UInt16($0) * 257 }.gaussianBlurred(sigma: sigma)
        let float = image.gaussianBlurred(sigma: sigma)
        var (errors, wideError, floatError) = (0.0, 0.0, 0.0)
        for index in 0..<(w * h) {
            let (x, y) = (index % w, index / w)
            errors = max(errors, abs(Double(narrow[x, y]) - exact[index]))
            wideError = max(wideError, abs(Double(wide[x, y]) - exact[index] * 257))
            floatError = max(floatError, abs(Double(float[x, y]) - exact[index]))
        }
        #expect(errors <= 0.7, "\(errors)")
        // The kernel is cut at 4 σ, here at 6: that alone is 1 / 16,000 of the range for each direction.
        #expect(wideError <= 10, "\(wideError)")
        #expect(floatError <= 255.0 / 6000, "\(floatError)")
    }

    @Test(arguments: [0.5, 5, 30, 4000])
    func `an even image stays as it is`(sigma: Double) {
        for (w, h) in [(1, 1), (1, 70), (70, 1), (3, 200), (64, 64)] {
            let image = Image<UInt8>(width: w, height: h, repeating: 201)
            #expect(image.gaussianBlurred(sigma: sigma) == image)
            let wide = Image<UInt16>(width: w, height: h, repeating: 65535)
            #expect(wide.gaussianBlurred(sigma: sigma) == wide)
        }
    }

    @Test func `no width and no pixels change nothing`() {
        #expect(Pattern.gray8.gaussianBlurred(sigma: 0) == Pattern.gray8)
        #expect(Image<UInt8>(width: 0, height: 5, pixels: []).gaussianBlurred(sigma: 9).isEmpty)
        #expect(AnyImage.color16(Image(width: 4, height: 0, pixels: [])).gaussianBlurred(sigma: 90).width == 4)
    }

    @Test(arguments: [2.5, 12, 40])
    func `channels of colour are blurred each for itself`(sigma: Double) {
        let colour = Pattern.color8.gaussianBlurred(sigma: sigma)
        #expect(colour.mapped { $0.green } == Pattern.color8.mapped { $0.green }.gaussianBlurred(sigma: sigma))
        #expect(colour.mapped { $0.red } == Pattern.color8.mapped { $0.red }.gaussianBlurred(sigma: sigma))
        let wide = AnyImage.color16(Pattern.color16).gaussianBlurred(sigma: sigma)
        #expect(wide == .color16(Pattern.color16.gaussianBlurred(sigma: sigma)))
    }

    @Test(arguments: [3.0, 25])
    func `a mirrored image gives the mirrored result`(sigma: Double) {
        let blurred = Pattern.gray8.oriented(3).gaussianBlurred(sigma: sigma).oriented(3)
        let other = Pattern.gray8.gaussianBlurred(sigma: sigma)
        for y in 0..<47 { for x in 0..<61 { #expect(abs(Int(blurred[x, y]) - Int(other[x, y])) <= 1) } }
    }
}
