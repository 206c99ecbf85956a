package org.gearshift.backend.jvm;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.gearshift.ir.Region;
import org.gearshift.ir.StateLayout;

/**
 * Turns IR regions into hidden classes. Regions are expected optimized and valid.
 *
 * <p>A state slot that a region accesses only as I32 is held in 32 bits there: its container must be sign-extended on entry
 * ({@link org.gearshift.ir.Type}), and is on exit. Guest pcs of 32-bit code are zero-extended, in the IR and in the pc slot.
 */
public final class RegionCompiler {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    private static final MethodType NO_ARGS = MethodType.methodType(void.class);
    private static final MethodType NEW_REGION = MethodType.methodType(CompiledRegion.class);

    private final StateLayout layout;
    private final BackendOptions options;

    public RegionCompiler(StateLayout layout, BackendOptions options) {
        this.layout = layout;
        this.options = options;
    }

    /**
     * Emits a region and defines its class.
     *
     * @param plan made by {@link BudgetPlan#of} for the region before dead-store removal, which was told of its checks; or
     *     {@link BudgetPlan#everyBlock}
     * @param debugName shown in profiles; anything that is not a letter or digit becomes {@code _}
     * @throws RegionTooLargeException if the method would pass {@link BackendOptions#maxMethodBytes()}
     */
    public CompiledRegion compile(Region r, BudgetPlan plan, String debugName) {
        return compile(r, plan, debugName, BoundArrays.NONE);
    }

    /**
     * The same for contexts of which more is known.
     *
     * @param bound arrays that every context has that will run it
     */
    public CompiledRegion compile(Region r, BudgetPlan plan, String debugName, BoundArrays bound) {
        TranslateRegionEvent event = new TranslateRegionEvent();
        event.begin();
        EmittedRegion e = new RegionEmitter(layout, options, bound, r, plan, className(debugName)).emit();
        CompiledRegion c = define(e, bound).describe(debugName, e, layout.pcSlot());
        event.end();
        if (event.shouldCommit()) {
            event.region = debugName;
            event.blocks = c.blockCount();
            event.guestInstructions = c.guestInsns();
            event.bytecodeSize = c.bytecodeSize();
            event.commit();
        }
        return c;
    }

    /** The same with the budget checked at every block. */
    public CompiledRegion compile(Region r, String debugName) {
        return compile(r, BudgetPlan.everyBlock(r), debugName);
    }

    /** The class file alone, for inspection. */
    public byte[] emit(Region r, BudgetPlan plan) {
        return new RegionEmitter(layout, options, BoundArrays.NONE, r, plan, className("region")).emit().classFile();
    }

    /** The class file with the budget checked at every block. */
    public byte[] emit(Region r) {
        return emit(r, BudgetPlan.everyBlock(r));
    }

    private static String className(String debugName) {
        return RegionEmitter.PACKAGE + "G_" + debugName.replaceAll("[^A-Za-z0-9]", "_");
    }

    private static CompiledRegion define(EmittedRegion e, BoundArrays bound) {
        try {
            MethodHandles.Lookup l = LOOKUP.defineHiddenClassWithClassData(e.classFile(), bound, true);
            MethodHandle make = l.findConstructor(l.lookupClass(), NO_ARGS).asType(NEW_REGION);
            return (CompiledRegion) make.invokeExact();
        } catch (Error | RuntimeException x) {
            throw x;
        } catch (Throwable x) {
            throw new IllegalStateException("a generated class could not be defined", x);
        }
    }
}
