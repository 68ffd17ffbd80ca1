import Foundation
import Operations
import Raster
import Testing

/// ZooProcess's own object: crop, limit 243, pixels of 10.6 µm, and where the crop lies in its scan.
private func reference(legacyIntegers: Bool) throws -> [String: Double] {
    let crop = try SharedData.image("zooprocess-measured/crop_13892_13563.png").gray8()
    let object = try #require(crop.mask(darkerThanOrEqual: 243).components().max { $0.area < $1.area })
    let measures = try #require(ZooProcessMeasures(object, image: crop, limit: 243, pixelSize: 10.6))
    let shifts = ["bx": 13892.0, "by": 13563, "xstart": 13892, "ystart": 13563]
    let pairs = zip(ZooProcessMeasures.columns.map(\.name), measures.values(legacyIntegers: legacyIntegers))
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0, ($1 ?? .nan) + (shifts[$0] ?? 0)) })
}

private func row(_ path: String, line: Int) throws -> [String: String] {
    let text = try String(contentsOfFile: SharedData.folder + "/zooprocess-measured/" + path, encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    return Dictionary(zip(lines[0].map { $0.lowercased() }, lines[line].map(String.init))) { first, _ in first }
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `measures equal ZooProcess's to all printed digits on the reference object`() throws {
    let printed = try row("meas_13892_13563.csv", line: 1)
    var compared = 0
    for (name, found) in try reference(legacyIntegers: false) {
        guard let text = printed[name], let expected = Double(text) else { continue }
        let digits = text.split(separator: ".").dropFirst().first?.count ?? 0
        #expect(abs(found - expected) <= 0.5 * pow(10, -Double(digits)) + 1e-9, "\(name): \(found), not \(text)")
        compared += 1
    }
    #expect(compared == 44)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `legacy integers give every number of the EcoTaxa table that ZooProcess's macro made`() throws {
    let table = try row("ecotaxa_13892_13563.tsv", line: 2)
    var compared = 0
    for (name, found) in try reference(legacyIntegers: true) {
        guard let text = table["object_" + name], let expected = Double(text) else { continue }
        #expect(agree(found, expected, relative: 1e-14, tiny: 0), "\(name): \(found), not \(text)")
        compared += 1
    }
    #expect(compared == 57)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `ratios of old tables come from whole numbers, rounded to the nearest`() throws {
    // 140 objects of a scan, made by the macro: what our rule gives from the printed measures.
    let text = try String(contentsOfFile: SharedData.folder + "/ecotaxa-export-zooscan/ecotaxa_0.tsv", encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: ["\"", "\u{FEFF}"]) } }
    let place = Dictionary(uniqueKeysWithValues: lines[0].enumerated().map { ($1, $0) })
    var compared = 0
    for line in lines.dropFirst() {
        func value(_ name: String) -> Double? { Double(line[place["object_" + name]!]) }
        func whole(_ name: String) -> Double { (value(name)! + 0.5).rounded(.down) }
        guard let elongation = value("elongation"), let cv = value("cv") else { continue }
        #expect(agree(elongation, whole("major") / whole("minor"), relative: 1e-3) && agree(cv, 100 * whole("stddev") / value("mean")!, relative: 1e-3))
        compared += 1
    }
    #expect(compared > 100)
}

@Test func `objects without extent have finite values or none`() throws {
    let image = Image<UInt8>(width: 9, height: 9, repeating: 50)
    for mask in drawnMasks() where !mask.isEmpty {
        guard let measures = ZooProcessMeasures(mask, image: image, limit: 200, pixelSize: 20) else { continue }
        for value in measures.values() + measures.values(legacyIntegers: true) { #expect(value?.isFinite ?? true) }
    }
    #expect(ZooProcessMeasures(Mask(".."), image: image, limit: 200) == nil)
    #expect(ZooProcessMeasures(Mask("#").translated(x: 50, y: 0), image: image, limit: 200) == nil)
    // A pixel; a pixel brighter than the limit, that is an object of holes only; a whole frame.
    let pixel = try #require(ZooProcessMeasures(Mask("#"), image: image, limit: 200, pixelSize: 20))
    #expect(pixel.area == 1 && pixel.skeletonArea == 1 && pixel.convexArea == 1 && pixel.parts == [0, 0] && pixel.thicknessRatio == nil)
    let hole = try #require(ZooProcessMeasures(Mask("#"), image: image, limit: 20))
    #expect(hole.areaExcluded == 0 && hole.fractal == nil && hole.skeletonArea == 0 && hole.symmetryHorizontalDark == nil)
    let frame = try #require(ZooProcessMeasures(Mask.full(image.bounds), image: image, limit: 200, pixelSize: 20))
    #expect(frame.area == 81 && frame.parts == [0, 0] && frame.cumulated == [49, 49, 49])
    #expect(hole.values().allSatisfy { $0?.isFinite ?? true } && frame.values().allSatisfy { $0?.isFinite ?? true })
}

@Test func `every limit and gray level gives finite values or none`() throws {
    for level in [UInt8(0), 1, 127, 254, 255] {
        let image = Image<UInt8>(width: 12, height: 12, repeating: level)
        for limit in [UInt8(0), 1, 127, 254, 255] {
            let measures = try #require(ZooProcessMeasures(Mask("####", "#..#", "#..#", "####", "#..."), image: image, limit: limit, pixelSize: 40))
            for value in measures.values() + measures.values(legacyIntegers: true) { #expect(value?.isFinite ?? true) }
            #expect(measures.areaExcluded == (level <= limit ? 17 : 0))
        }
    }
}

@Test func `the thickness ratio needs a pixel size`() throws {
    let image = Image<UInt8>(width: 60, height: 20, repeating: 50)
    let mask = Mask.full(Rect(x: 3, y: 3, width: 50, height: 11))
    let measures = try #require(ZooProcessMeasures(mask, image: image, limit: 200, pixelSize: 20))
    // Eleven thicknesses of 11 pixels or so, a column in five; the last is counted but not added.
    let ratio = try #require(measures.thicknessRatio)
    #expect(ratio >= 1 && ratio < 1.2)
    for size in [nil, 0, -3, Double.infinity, .nan] { #expect(ZooProcessMeasures(mask, image: image, limit: 200, pixelSize: size)?.thicknessRatio == nil) }
    #expect(ZooProcessMeasures(mask, image: image, limit: 200, pixelSize: 5000)?.thicknessRatio != nil)
}

@Test func `legacy integers round what ratios are made of`() throws {
    let image = Image<UInt8>(width: 30, height: 20, repeating: 50)
    let measures = try #require(ZooProcessMeasures(Mask.full(Rect(x: 1, y: 1, width: 20, height: 7)), image: image, limit: 200))
    let index = try #require(ZooProcessMeasures.columns.firstIndex { $0.name == "elongation" })
    #expect(measures.values()[index] == measures.major / measures.minor)
    #expect(measures.values(legacyIntegers: true)[index] == measures.major.rounded() / measures.minor.rounded())
}

@Test func `column names are unique and none is a constant`() {
    let names = ZooProcessMeasures.columns.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names).isDisjoint(with: ["nb3", "xmg5", "ymg5", "compentropy", "compmean", "compslope", "compm1", "compm2", "compm3", "tag"]))
}
