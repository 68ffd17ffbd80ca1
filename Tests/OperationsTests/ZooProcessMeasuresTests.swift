import Foundation
import Operations
import Raster
import Testing

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `measures equal ZooProcess's to all printed digits on the reference object`() throws {
    let crop = try SharedData.image("zooprocess-measured/crop_13892_13563.png").gray8()
    let object = try #require(crop.mask(darkerThanOrEqual: 243).components().max { $0.area < $1.area })
    let measures = try #require(ZooProcessMeasures(object, image: crop, limit: 243))
    let values = Dictionary(uniqueKeysWithValues: zip(ZooProcessMeasures.columns.map(\.name), measures.values()))
    let text = try String(contentsOfFile: SharedData.folder + "/zooprocess-measured/meas_13892_13563.csv", encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    let reference = Dictionary(uniqueKeysWithValues: zip(lines[0].map { $0.lowercased() }, lines[1].map(String.init)))
    let shifts = ["bx": 13892.0, "by": 13563, "xstart": 13892, "ystart": 13563]
    var compared = 0
    for (name, value) in values {
        guard let printed = reference[name], let expected = Double(printed) else { continue }
        let digits = printed.split(separator: ".").dropFirst().first?.count ?? 0
        let found = (value ?? .nan) + (shifts[name] ?? 0)
        #expect(abs(found - expected) <= 0.5 * pow(10, -Double(digits)) + 1e-9, "\(name): \(found), not \(printed)")
        compared += 1
    }
    #expect(compared >= 32)
}

@Test func `objects without extent have finite values or none`() throws {
    let image = Image<UInt8>(width: 9, height: 9, repeating: 50)
    for mask in drawnMasks() where !mask.isEmpty {
        guard let measures = ZooProcessMeasures(mask, image: image, limit: 200) else { continue }
        for value in measures.values() + measures.values(legacyIntegers: true) { #expect(value?.isFinite ?? true) }
    }
    #expect(ZooProcessMeasures(Mask(".."), image: image, limit: 200) == nil)
    #expect(ZooProcessMeasures(Mask("#").translated(x: 50, y: 0), image: image, limit: 200) == nil)
}

@Test func `legacy integers truncate what ratios are made of`() throws {
    let image = Image<UInt8>(width: 30, height: 20, repeating: 50)
    let measures = try #require(ZooProcessMeasures(Mask.full(Rect(x: 1, y: 1, width: 20, height: 7)), image: image, limit: 200))
    let index = try #require(ZooProcessMeasures.columns.firstIndex { $0.name == "elongation" })
    #expect(measures.values()[index] == measures.major / measures.minor)
    #expect(measures.values(legacyIntegers: true)[index] == measures.major.rounded(.down) / measures.minor.rounded(.down))
}
