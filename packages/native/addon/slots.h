// Numbered handles for objects held by JavaScript: an index and a generation, so that stale handles are detected.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace ferrule {

template <typename Pointer>
class Slots {
 public:
  uint32_t add(Pointer value) {
    if (free_.empty()) {
      if (slots_.size() > kIndexMask) return 0;
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.value = std::move(value);
    slot.generation = slot.generation % kGenerations + 1;  // never 0: 0 is no handle
    return slot.generation << kIndexBits | index;
  }

  // Null for a handle that is not, or no longer, valid.
  auto* get(uint32_t handle) {
    Slot* slot = find(handle);
    return slot == nullptr ? nullptr : &*slot->value;
  }

  // The owner itself; `handle` must be valid.
  Pointer& owner(uint32_t handle) { return slots_[handle & kIndexMask].value; }

  bool remove(uint32_t handle) {
    Slot* slot = find(handle);
    if (slot == nullptr) return false;
    slot->value = nullptr;
    free_.push_back(handle & kIndexMask);
    return true;
  }

 private:
  static constexpr uint32_t kIndexBits = 20;
  static constexpr uint32_t kIndexMask = (1u << kIndexBits) - 1;
  static constexpr uint32_t kGenerations = (1u << (32 - kIndexBits)) - 1;
  struct Slot {
    Pointer value{};
    uint32_t generation = 0;
  };
  Slot* find(uint32_t handle) {
    const uint32_t index = handle & kIndexMask;
    if (index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.value != nullptr && slot.generation == handle >> kIndexBits ? &slot : nullptr;
  }
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace ferrule
