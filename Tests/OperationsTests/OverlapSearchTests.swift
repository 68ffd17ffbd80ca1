import Raster
import Testing

import Operations

@Suite struct OverlapSearchTests {
    /// Normalised cross-correlation at one displacement, by the plain sum.
    private func plain(_ a: FrameTexture, _ b: FrameTexture, _ dx: Int, _ dy: Int) -> Double {
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for y in max(0, dy)..<min(a.height, dy + b.height) {
            for x in max(0, dx)..<min(a.width, dx + b.width) {
                let (va, vb) = (Double(a.values[y * a.width + x]), Double(b.values[(y - dy) * b.width + x - dx]))
                ab += va * vb
                aa += va * va
                bb += vb * vb
            }
        }
        return ab / (aa * bb).squareRoot()
    }

    @Test(arguments: [DisplacementRange(x: 60...110, y: -12...12), .init(x: -110 ... -60, y: -9...14), .init(x: -14...14, y: 50...84), .init(x: -100...100, y: -70...70)])
    func `candidates bear the normalised correlation of the overlap, and the best of all is among them`(range: DisplacementRange) throws {
        let field = DrawnField(width: 500, height: 500, perMegapixel: 900, seed: 8)
        let d = (x: range.x.lowerBound + range.x.count / 3, y: range.y.lowerBound + 2 * range.y.count / 3)
        let a = FrameTexture(.gray8(field.frame(x: 150, y: 150, width: 120, height: 90, noise: 3, seed: 1)), scale: 1)
        let b = FrameTexture(.gray8(field.frame(x: Double(150 + d.x), y: Double(150 + d.y), width: 120, height: 90, noise: 3, seed: 2)), scale: 1)
        let found = OverlapSearch().candidates(a, b, within: range)
        for candidate in found {
            let expected = plain(a, b, Int(candidate.displacement.x), Int(candidate.displacement.y))
            #expect(abs(candidate.correlation - expected) < 1e-3)
        }
        let best = try #require(found.first)
        #expect(abs(best.displacement.x - Double(d.x)) <= 1 && abs(best.displacement.y - Double(d.y)) <= 1)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.evidence >= $1.evidence })
    }

    @Test func `of a repeating pattern every repetition is a candidate, none of them clear`() {
        let stripes = FrameTexture(.gray8(Image<UInt8>(width: 160, height: 60, pixels: (0..<9600).map { ($0 % 160 / 8) % 2 == 0 ? 60 : 180 })), scale: 1)
        let found = OverlapSearch().candidates(stripes, stripes, within: DisplacementRange(x: 20...120, y: -4...4))
        #expect(found.filter { $0.correlation > 0.9 && Int($0.displacement.x) % 16 == 0 }.count >= 4, "\(found)")
        #expect(!FrameLink(0, 1, found).isClear)
    }
}
