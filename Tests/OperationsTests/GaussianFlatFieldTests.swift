import Foundation
import Operations
import Raster
import Testing

struct GaussianFlatFieldTests {
    @Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
    func `corrected levels equal SciPy's on real pictures within one level`() throws {
        var checked = 0
        for row in try SharedData.table("oracle/corrected.csv") {
            let name = row["name"]!
            guard let item = try SharedData.cases([name]).first else { continue }
            let field = try GaussianFlatField(estimating: item.gray, sigma: Double(row["sigma"]!)!)
            #expect(agree(field.mean, Double(row["blur_mean"]!)!, relative: 2e-5), "\(name): \(field.mean)")
            let corrected = field.apply(to: item.gray)
            let mean = try #require(corrected.histogram().moments?.mean)
            #expect(abs(mean - Double(row["out_mean"]!)!) < 0.02, "\(name): \(mean)")
            for point in try SharedData.table("oracle/corrected/\(name)_grid.csv") {
                let expected = min(255, Double(point["corrected"]!)!)
                #expect(abs(Double(corrected[Int(point["col"]!)!, Int(point["row"]!)!]) - expected) <= 1, "\(name) \(point)")
            }
            if FileManager.default.fileExists(atPath: SharedData.folder + "/oracle/corrected/\(name).png") {
                let oracle = try SharedData.image("oracle/corrected/\(name).png").gray8()
                var (off, differing) = (0, 0)
                for y in 0..<oracle.height {
                    for x in 0..<oracle.width where oracle[x, y] != corrected[x, y] {
                        differing += 1
                        off = max(off, abs(Int(oracle[x, y]) - Int(corrected[x, y])))
                    }
                }
                #expect(off <= 1 && Double(differing) < 0.01 * Double(oracle.bounds.area), "\(name): \(off), \(differing)")
                checked += 1
            }
        }
        #expect(checked >= 5)
    }

    @Test(arguments: [3.0, 40])
    func `an even image stays, a falloff far wider than the Gaussian goes`(sigma: Double) throws {
        let even = Image<UInt8>(width: 50, height: 40, repeating: 123)
        #expect(try GaussianFlatField(estimating: even, sigma: sigma).apply(to: even) == even)
        let ramp = Pattern.image(400, 300) { x, y in UInt16(20000 + 20 * x + 10 * y) }
        let field = try GaussianFlatField(estimating: ramp, sigma: sigma)
        let corrected = field.apply(to: ramp)
        for y in stride(from: 180, to: 220, by: 9) { for x in stride(from: 180, to: 220, by: 9) {
            #expect(abs(Double(corrected[x, y]) - field.mean) < 0.004 * field.mean)
        } }
    }

    @Test func `colour gets the factors of its gray levels`() throws {
        let field = try GaussianFlatField(estimating: .color8(Pattern.color8), sigma: 20)
        let gray = Pattern.color8.gray()
        #expect(try GaussianFlatField(estimating: gray, sigma: 20) == field)
        guard case .color8(let colour) = field.apply(to: .color8(Pattern.color8)) else { Issue.record("the picture changed its kind"); return }
        #expect(colour.mapped { $0.green } == field.apply(to: Pattern.color8.mapped { $0.green }))
        guard case .color16(let wide) = field.apply(to: .color16(Pattern.color16)) else { Issue.record("the picture changed its kind"); return }
        #expect(wide.mapped { $0.red } == field.apply(to: Pattern.color16.mapped { $0.red }))
    }

    @Test func `black stays black, nothing and no width are refused`() throws {
        let black = Image<UInt8>(width: 30, height: 20, repeating: 0)
        #expect(try GaussianFlatField(estimating: black, sigma: 30).apply(to: black) == black)
        let one = Image<UInt16>(width: 1, height: 1, repeating: 700)
        #expect(try GaussianFlatField(estimating: one, sigma: 30).apply(to: one) == one)
        #expect(throws: OperationError.emptyImage(operation: "Gaussian flat field")) {
            try GaussianFlatField(estimating: Image<UInt8>(width: 0, height: 1, pixels: []), sigma: 3)
        }
        for sigma in [0, -1, Double.nan, .infinity] { #expect(throws: OperationError.self) { try GaussianFlatField(estimating: one, sigma: sigma) } }
    }
}
