import Foundation
import Operations
import Raster
import Testing

struct LocalThresholdTests {
    @Test(arguments: [LocalAverage.mean, .gaussian], [3, 11, 35, 61])
    func `masks equal scikit-image's threshold_local`(average: LocalAverage, block: Int) throws {
        let expected = FilterFixtures.values("local \(average) \(block)")
        let mask = try Pattern.gray8.mask(darkerThanLocal: average, block: block, offset: 2.5)
        let places = mask.runs.reduce(0) { sum, run in (run.first...run.last).reduce(sum) { $0 + (Int(run.y) * 61 + Int($1)) % 9973 } }
        let wide = try Pattern.gray16.mask(darkerThanLocal: average, block: block, offset: 700.5)
        #expect([Double(mask.area), Double(places), Double(wide.area)] == expected)
    }

    @Test(arguments: [1, 3, 9, 31])
    func `means are compared as whole numbers`(block: Int) throws {
        func mirrored(_ place: Int, _ count: Int) -> Int {
            let folded = ((place % (2 * count)) + 2 * count) % (2 * count)
            return min(folded, 2 * count - 1 - folded)
        }
        // Few levels, so that pixels often equal their mean.
        let image = Pattern.gray8.cropped(to: Rect(x: 0, y: 0, width: 30, height: 12)).mapped { $0 / 64 }
        for offset in [0.0, 1, -0.5] {
            let mask = try image.mask(brighterThanLocal: .mean, block: block, offset: offset)
            for y in 0..<12 {
                for x in 0..<30 {
                    var sum = 0
                    for v in -(block / 2)...(block / 2) { for u in -(block / 2)...(block / 2) { sum += Int(image[mirrored(x + u, 30), mirrored(y + v, 12)]) } }
                    #expect(mask.contains(x: x, y: y) == (Double(Int(image[x, y]) * block * block - sum) > -offset * Double(block * block)))
                }
            }
            #expect(try image.mask(darkerThanLocal: .mean, block: block, offset: offset) == mask.inverted)
        }
    }

    @Test(arguments: LocalAverage.allCases)
    func `an even image is all dark without an offset and all bright with one`(average: LocalAverage) throws {
        for (w, h) in [(1, 1), (1, 9), (70, 40)] {
            let image = Image<UInt8>(width: w, height: h, repeating: 128), wide = Image<UInt16>(width: w, height: h, repeating: 40000)
            #expect(try image.mask(darkerThanLocal: average, block: 501, offset: 1).isEmpty)
            #expect(try image.mask(brighterThanLocal: average, block: 501, offset: 1).area == w * h)
            #expect(try image.mask(darkerThanLocal: average, block: 5, offset: -1e300).area == w * h)
            #expect(try wide.mask(brighterThanLocal: average, block: 501, offset: 1e300).area == w * h)
        }
        #expect(try Image<UInt8>(width: 0, height: 3, pixels: []).mask(darkerThanLocal: average, block: 5).isEmpty)
    }

    @Test func `even blocks and offsets that are no number are refused`() {
        for block in [0, -3, 4, 65537] {
            #expect(throws: OperationError.self) { try Pattern.gray8.mask(darkerThanLocal: .mean, block: block) }
        }
        #expect(throws: OperationError.self) { try Pattern.gray16.mask(brighterThanLocal: .gaussian, block: 3, offset: .nan) }
    }

    @Test(arguments: [3, 5, 11, 31])
    func `medians are compared with the offset as it is`(block: Int) throws {
        func mirrored(_ place: Int, _ count: Int) -> Int {
            let folded = ((place % (2 * count)) + 2 * count) % (2 * count)
            return min(folded, 2 * count - 1 - folded)
        }
        let image = Pattern.gray8.cropped(to: Rect(x: 0, y: 0, width: 30, height: 12))
        let wide = image.mapped { UInt16($0) * 257 }
        for offset in [0.0, 4, -2.5, 1e9, -1e9] {
            let (mask, deep) = (try image.mask(darkerThanLocal: .median, block: block, offset: offset), try wide.mask(darkerThanLocal: .median, block: block, offset: offset * 257))
            for y in 0..<12 {
                for x in 0..<30 {
                    var levels: [UInt8] = []
                    for v in -(block / 2)...(block / 2) { for u in -(block / 2)...(block / 2) { levels.append(image[mirrored(x + u, 30), mirrored(y + v, 12)]) } }
                    let middle = Double(levels.sorted()[levels.count / 2])
                    #expect(mask.contains(x: x, y: y) == (Double(image[x, y]) <= middle - offset))
                    #expect(deep.contains(x: x, y: y) == (Double(image[x, y]) <= middle - offset))
                }
            }
            #expect(try image.mask(brighterThanLocal: .median, block: block, offset: offset) == mask.inverted)
        }
    }
}
